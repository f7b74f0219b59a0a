import { decode, type Fields } from "./protobuf.ts";

export interface UnaryMethod {
  readonly kind: "unary";
  /** Throws GrpcError or MalformedMessage to refuse. */
  readonly answer: (request: Uint8Array) => Uint8Array;
}

export interface StreamingMethod {
  readonly kind: "streaming";
  /** Ends when `signal` aborts, which is when the client has gone. */
  readonly answer: (request: Uint8Array, signal: AbortSignal) => AsyncIterable<Uint8Array>;
}

type GrpcMethod = UnaryMethod | StreamingMethod;
/** By name, or by path `/package.Service/Name` once put into a server. */
export type GrpcMethods = Readonly<Record<string, GrpcMethod>>;

export const NO_FIELDS = new Uint8Array(0);

export const unary = (answer: (request: Fields) => Uint8Array): UnaryMethod => ({
  kind: "unary",
  answer: (request) => answer(decode(request)),
});

export const streaming = (
  answer: (request: Fields, signal: AbortSignal) => AsyncIterable<Uint8Array>,
): StreamingMethod => ({
  kind: "streaming",
  answer: (request, signal) => answer(decode(request), signal),
});
