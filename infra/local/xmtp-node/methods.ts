import { commitLogApi } from "./commit-log-api.ts";
import { groupMessageApi } from "./group-message-api.ts";
import { type GrpcMethods, unary } from "./grpc-method.ts";
import { identityApi } from "./identity-api.ts";
import { keyPackageApi } from "./key-package-api.ts";
import { encode } from "./protobuf.ts";
import type { Store } from "./store.ts";
import { welcomeApi } from "./welcome-api.ts";

const NEVER_NS = 2n ** 63n - 1n;
const SERVING = 1;

/** Every method the node serves, by its path. What is not here is answered with UNIMPLEMENTED. */
export const methodsOf = (store: Store): GrpcMethods => ({
  ...service("xmtp.identity.api.v1.IdentityApi", identityApi(store)),
  ...service("xmtp.mls.api.v1.MlsApi", {
    ...keyPackageApi(store),
    ...groupMessageApi(store),
    ...welcomeApi(store),
    ...commitLogApi(store),
  }),
  // When to move to the decentralised network; asked only by a client that was given its gateway too.
  ...service("xmtp.migration.api.v1.D14nMigrationApi", {
    FetchD14nCutover: unary(() => encode([1, NEVER_NS])),
  }),
  ...service("grpc.health.v1.Health", { Check: unary(() => encode([1, SERVING])) }),
});

export const methodName = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

const service = (name: string, methods: GrpcMethods): GrpcMethods =>
  Object.fromEntries(Object.entries(methods).map(([method, serve]) => [`/${name}/${method}`, serve]));
