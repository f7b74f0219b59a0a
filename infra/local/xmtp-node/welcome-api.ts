import { nowNs } from "./clock.ts";
import { type GrpcMethods, NO_FIELDS, streaming, unary } from "./grpc-method.ts";
import { invalidArgument } from "./grpc-status.ts";
import { cursorOf, readPage, readPaging } from "./paging.ts";
import { encode, type Fields, repeated } from "./protobuf.ts";
import type { Store } from "./store.ts";
import { follow } from "./subscription.ts";
import { topicOf } from "./topic.ts";

/** The two forms of a welcome; each is sent and handed out under its own field number. */
const VERSION_1 = 1;
const POINTER = 2;

/** The methods of `xmtp.mls.api.v1.MlsApi` for welcomes. Field numbers are those of mls/api/v1/mls.proto. */
export const welcomeApi = (store: Store): GrpcMethods => ({
  SendWelcomeMessages: unary((request) => {
    const inputs = request.messages(1);
    if (inputs.length === 0) throw invalidArgument("no welcome messages");
    store.transaction(() => {
      for (const input of inputs) storeWelcome(store, input);
    });
    return NO_FIELDS;
  }),

  QueryWelcomeMessages: unary((request) => {
    const installation = request.bytes(1);
    if (installation.length === 0) throw invalidArgument("installation_key is missing");
    const { entries, info } = readPage(store.welcomes, topicOf(installation), readPaging(request.message(2)));
    return encode(
      ...repeated(
        1,
        entries.map((entry) => entry.body),
      ),
      [2, info],
    );
  }),

  SubscribeWelcomeMessages: streaming((request, signal) => {
    const filters = request.messages(1);
    if (filters.length === 0) throw invalidArgument("no filters");
    const topics = filters.map((filter) => ({
      topic: topicOf(filter.bytes(1)),
      cursor: cursorOf(filter, 2),
    }));
    return follow(store.welcomes, topics, signal);
  }),
});

function storeWelcome(store: Store, input: Fields): void {
  const version = [VERSION_1, POINTER].find((field) => input.has(field));
  if (version === undefined) throw invalidArgument("a welcome of unknown version");
  const welcome = input.message(version);
  const installation = welcome.bytes(1);
  const data = welcome.bytes(2);
  if (installation.length === 0 || data.length === 0) throw invalidArgument("an incomplete welcome");
  const build = (id: number) =>
    encode([
      version,
      encode(
        [1, id],
        [2, nowNs()],
        [3, installation],
        [4, data],
        [5, welcome.bytes(3)], // HPKE public key.
        [6, welcome.uint(4)], // Wrapper algorithm.
        [7, version === VERSION_1 ? welcome.bytes(7) : undefined], // Welcome metadata.
      ),
    ]);
  store.welcomes.append(topicOf(installation), build, data);
}
