/** Status codes of gRPC, as far as this node answers them. */
export const GRPC_OK = 0;
export const GRPC_INVALID_ARGUMENT = 3;
export const GRPC_RESOURCE_EXHAUSTED = 8;
export const GRPC_UNIMPLEMENTED = 12;
export const GRPC_INTERNAL = 13;
export const GRPC_UNAVAILABLE = 14;

/** Ends a call with a status the client sees. */
export class GrpcError extends Error {
  override readonly name = "GrpcError";
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

export const invalidArgument = (reason: string): GrpcError => new GrpcError(GRPC_INVALID_ARGUMENT, reason);

/** Ends a call by resetting its HTTP/2 stream, with no status at all, as a proxy does that has lost its server. */
export class StreamReset extends Error {
  override readonly name = "StreamReset";
}
