import { type JsonReply, json } from "../base/reply.ts";

/** Every error of the Engine API: a status and `{"message": …}`. */
export const message = (status: number, text: string): JsonReply => json(status, { message: text });

export const pageNotFound = (): JsonReply => message(404, "page not found");
export const badRequest = (text: string): JsonReply => message(400, text);
export const throttled = (): JsonReply => message(429, "too many requests");
export const noSuchContainer = (id: string): JsonReply => message(404, `No such container: ${id}`);
export const noSuchVolume = (name: string): JsonReply => message(404, `get ${name}: no such volume`);
