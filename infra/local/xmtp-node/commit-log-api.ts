import { type GrpcMethods, NO_FIELDS, unary } from "./grpc-method.ts";
import { invalidArgument } from "./grpc-status.ts";
import { MAX_COMMIT_LOG_INSERTS, MAX_COMMIT_LOG_QUERIES } from "./limits.ts";
import { readPage, readPaging } from "./paging.ts";
import { encode, type Fields, repeated } from "./protobuf.ts";
import type { Store } from "./store.ts";
import { topicOf } from "./topic.ts";

/** The methods of `xmtp.mls.api.v1.MlsApi` for the commit log, by which clients detect a forked group. */
export const commitLogApi = (store: Store): GrpcMethods => ({
  BatchPublishCommitLog: unary((request) => {
    const entries = batchOf(request, MAX_COMMIT_LOG_INSERTS);
    for (const entry of entries) {
      if (entry.bytes(1).length === 0 || entry.bytes(2).length === 0 || !entry.has(3)) {
        throw invalidArgument("an incomplete commit log entry");
      }
    }
    store.transaction(() => {
      for (const entry of entries) {
        const build = (id: number) => encode([1, id], [2, entry.bytes(2)], [3, entry.bytes(3)]);
        store.commitLog.append(topicOf(entry.bytes(1)), build);
      }
    });
    return NO_FIELDS;
  }),

  /** Answers in the order asked, always oldest first, whatever direction was asked for. */
  BatchQueryCommitLog: unary((request) => {
    const answers = batchOf(request, MAX_COMMIT_LOG_QUERIES).map((query) => {
      const groupId = query.bytes(1);
      const paging = { ...readPaging(query.message(2)), direction: "ascending" as const };
      const { entries, info } = readPage(store.commitLog, topicOf(groupId), paging);
      return encode(
        [1, groupId],
        ...repeated(
          2,
          entries.map((entry) => entry.body),
        ),
        [3, info],
      );
    });
    return encode(...repeated(1, answers));
  }),
});

function batchOf(request: Fields, limit: number): Fields[] {
  const items = request.messages(1);
  if (items.length === 0 || items.length > limit) throw invalidArgument(`a batch has 1 to ${limit} items`);
  return items;
}
