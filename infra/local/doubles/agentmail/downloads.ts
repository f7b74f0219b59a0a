import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { json, type Reply } from "../base/reply.ts";
import type { DoubleRequest, Route } from "../base/router.ts";
import type { Account } from "./account.ts";
import { mimeOf } from "./mime.ts";

const VALID_MS = 3_600_000;

/** Signed addresses of what is too large for an answer: whoever has one may fetch it for an hour, without a key. */
export class Downloads {
  readonly #account: Account;
  readonly #secret = randomBytes(32);

  constructor(account: Account) {
    this.#account = account;
  }

  /** `attachmentId` absent: the whole message as it was sent. */
  address(
    { headers }: DoubleRequest,
    inboxId: string,
    messageId: string,
    attachmentId = "",
  ): { download_url: string; expires_at: string } {
    const expiresAtMs = this.#account.clock.nowMs() + VALID_MS;
    const what = Buffer.from(JSON.stringify([inboxId, messageId, attachmentId])).toString("base64url");
    const url = new URL(`http://${headers.host}/downloads/${what}`);
    url.searchParams.set("expires", String(expiresAtMs));
    url.searchParams.set("signature", this.#sign(what, String(expiresAtMs)));
    return { download_url: url.href, expires_at: new Date(expiresAtMs).toISOString() };
  }

  route(): Route {
    return { method: "GET", path: "/downloads/:what", handle: (request) => this.#serve(request) };
  }

  #serve({ params, query }: DoubleRequest): Reply {
    const what = params.what ?? "";
    const expires = query.get("expires") ?? "";
    const signature = Buffer.from(query.get("signature") ?? "");
    const expected = Buffer.from(this.#sign(what, expires));
    const isSigned = signature.length === expected.length && timingSafeEqual(signature, expected);
    if (!isSigned || Number(expires) < this.#account.clock.nowMs()) {
      return json(403, { message: "Request has expired or is not signed" });
    }
    // Signed here, so the shape is known.
    const [inboxId, messageId, attachmentId]: [string, string, string] = JSON.parse(
      Buffer.from(what, "base64url").toString(),
    );
    const message = this.#account.message(inboxId, messageId);
    if (!message) return json(404, { message: "Not Found" });
    if (attachmentId === "") return file("message/rfc822", Buffer.from(mimeOf(message)));
    const attachment = message.attachments.find((one) => one.attachment_id === attachmentId);
    return attachment
      ? file(attachment.content_type ?? "application/octet-stream", Buffer.from(attachment.content, "base64"))
      : json(404, { message: "Not Found" });
  }

  #sign(what: string, expires: string): string {
    return createHmac("sha256", this.#secret).update(`${what} ${expires}`).digest("base64url");
  }
}

const file = (contentType: string, bytes: Buffer): Reply => ({
  kind: "stream",
  status: 200,
  headers: { "content-type": contentType, "content-length": String(bytes.length) },
  parts: [{ bytes }],
});
