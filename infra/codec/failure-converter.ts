import { DefaultFailureConverter } from "@temporalio/common";

/** Puts messages and stacks of failures into a payload, which the codec then seals. Loaded by its path. */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
