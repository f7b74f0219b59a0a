import { type GrpcMethods, NO_FIELDS, unary } from "./grpc-method.ts";
import { readInstallationId } from "./mls-headers.ts";
import { encode, repeated } from "./protobuf.ts";
import type { Store } from "./store.ts";
import { topicOf } from "./topic.ts";

/** The methods of `xmtp.mls.api.v1.MlsApi` for key packages. Field numbers are those of mls/api/v1/mls.proto. */
export const keyPackageApi = (store: Store): GrpcMethods => ({
  UploadKeyPackage: unary((request) => {
    const keyPackage = request.message(1).bytes(1);
    store.putKeyPackage(topicOf(readInstallationId(keyPackage)), keyPackage);
    return NO_FIELDS;
  }),

  /** Answers in the order asked, with an empty message for an unknown installation. */
  FetchKeyPackages: unary((request) => {
    const answers = request.all(1).map((installationId) => {
      const keyPackage = store.keyPackage(topicOf(installationId));
      return keyPackage ? encode([1, keyPackage]) : NO_FIELDS;
    });
    return encode(...repeated(1, answers));
  }),
});
