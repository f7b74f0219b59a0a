import { nowNs } from "./clock.ts";
import { type GrpcMethods, NO_FIELDS, streaming, unary } from "./grpc-method.ts";
import { invalidArgument } from "./grpc-status.ts";
import { type GroupMessageHeader, readGroupMessageHeader } from "./mls-headers.ts";
import { cursorOf, readPage, readPaging } from "./paging.ts";
import { decode, encode, type Fields, repeated } from "./protobuf.ts";
import type { Store } from "./store.ts";
import { follow } from "./subscription.ts";
import { topicOf } from "./topic.ts";

/** The methods of `xmtp.mls.api.v1.MlsApi` for group messages. Field numbers are those of mls/api/v1/mls.proto. */
export const groupMessageApi = (store: Store): GrpcMethods => ({
  SendGroupMessages: unary((request) => {
    const inputs = request.messages(1).map((input) => input.message(1));
    if (inputs.length === 0) throw invalidArgument("no group messages");
    const messages = inputs.map((input) => ({ input, header: readGroupMessageHeader(input.bytes(1)) }));
    store.transaction(() => {
      for (const { input, header } of messages) {
        const build = (id: number) => groupMessage(id, header, input);
        store.groupMessages.append(topicOf(header.groupId), build, input.bytes(1));
      }
    });
    return NO_FIELDS;
  }),

  QueryGroupMessages: unary((request) => {
    const groupId = request.bytes(1);
    if (groupId.length === 0) throw invalidArgument("group_id is missing");
    const { entries, info } = readPage(store.groupMessages, topicOf(groupId), readPaging(request.message(2)));
    return encode(
      ...repeated(
        1,
        entries.map((entry) => entry.body),
      ),
      [2, info],
    );
  }),

  /** Answers in the order asked, with an empty message for a group that has none. */
  GetNewestGroupMessage: unary((request) => {
    const groupIds = request.all(1);
    if (groupIds.length === 0) throw invalidArgument("group_ids are missing");
    const withContent = request.uint(2) !== 0n;
    const answers = groupIds.map((groupId) => {
      const newest = store.groupMessages.newest(topicOf(groupId));
      if (!newest) return NO_FIELDS;
      return encode([1, withContent ? newest.body : withoutContent(newest.body)]);
    });
    return encode(...repeated(1, answers));
  }),

  SubscribeGroupMessages: streaming((request, signal) => {
    const filters = request.messages(1).map((filter) => ({
      topic: topicOf(filter.bytes(1)),
      cursor: cursorOf(filter, 2),
    }));
    return follow(store.groupMessages, filters, signal);
  }),
});

const groupMessage = (id: number, header: GroupMessageHeader, input: Fields): Uint8Array =>
  encode([
    1,
    encode(
      [1, id],
      [2, nowNs()],
      [3, header.groupId],
      [4, input.bytes(1)],
      [5, input.bytes(2)], // Sender's HMAC.
      [6, input.uint(3)], // Should push.
      [7, header.isCommit],
    ),
  ]);

function withoutContent(body: Uint8Array): Uint8Array {
  const message = decode(body).message(1);
  const kept = encode(
    [1, message.uint(1)],
    [2, message.uint(2)],
    [3, message.bytes(3)],
    [7, message.uint(7)],
  );
  return encode([1, kept]);
}
