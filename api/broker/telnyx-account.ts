import { Type } from "typebox";
import { Value } from "typebox/value";
import { PlatformError } from "../../domain/errors.ts";
import { askProvider, type UpstreamAnswer } from "./upstream.ts";

const Phone = Type.Object({ phone_number: Type.String() });
const Messaging = Type.Object({ data: Type.Object({ messaging_profile_id: Type.String({ minLength: 1 }) }) });
const Message = Type.Object({
  data: Type.Object({ from: Phone, to: Type.Array(Phone), cc: Type.Optional(Type.Array(Phone)) }),
});
const Numbers = Type.Object({ data: Type.Array(Phone) });

/** A number's profile changes only with the number. */
const PROFILE_KEPT_MS = 10 * 60_000;
const MAX_PROFILES = 5_000;

/** The account's own side: what a request is sent with and what an answer is checked for. */
export class TelnyxAccount {
  readonly #url: string;
  readonly #credential: Readonly<Record<string, string>>;
  readonly #fetch: typeof globalThis.fetch;
  readonly #profiles = new Map<string, { id: string; untilMs: number }>();

  constructor(url: string, apiKey: string, fetch: typeof globalThis.fetch) {
    this.#url = url;
    this.#credential = { authorization: `Bearer ${apiKey}` };
    this.#fetch = fetch;
  }

  send(body: object): Promise<UpstreamAnswer> {
    return this.#ask("POST", "/messages", body);
  }

  /** `isOwn`: whether the number wrote the message or got it; undefined when the answer is no message. */
  async readMessage(
    id: string,
    number: string,
  ): Promise<{ answer: UpstreamAnswer; isOwn: boolean | undefined }> {
    const answer = await this.#ask("GET", `/messages/${encodeURIComponent(id)}`);
    const body: unknown = JSON.parse(answer.text);
    if (answer.status >= 400) return { answer, isOwn: undefined };
    if (!Value.Check(Message, body)) return { answer, isOwn: false };
    const { from, to, cc = [] } = body.data;
    return { answer, isOwn: [from, ...to, ...cc].some(({ phone_number: phone }) => phone === number) };
  }

  /** The answer with everything but the number left out. */
  async listNumber(number: string): Promise<UpstreamAnswer> {
    const query = new URLSearchParams({ "filter[phone_number]": number.replace(/\D/g, "") });
    const answer = await this.#ask("GET", `/phone_numbers?${query}`);
    if (answer.status >= 400) return answer;
    const body: unknown = JSON.parse(answer.text);
    const data = Value.Check(Numbers, body) ? body.data.filter((found) => found.phone_number === number) : [];
    return { ...answer, text: numberPage(data) };
  }

  /** Throws `transient` while the number has no profile. */
  async profileOf(number: string): Promise<string> {
    const known = this.#profiles.get(number);
    if (known && known.untilMs > Date.now()) return known.id;
    const answer = await this.#ask("GET", `/phone_numbers/${encodeURIComponent(number)}/messaging`);
    const body: unknown = JSON.parse(answer.text);
    if (answer.status >= 400 || !Value.Check(Messaging, body))
      throw new PlatformError("transient", { detail: "the number has no messaging profile yet" });
    const { messaging_profile_id: id } = body.data;
    if (this.#profiles.size >= MAX_PROFILES) this.#profiles.clear();
    this.#profiles.set(number, { id, untilMs: Date.now() + PROFILE_KEPT_MS });
    return id;
  }

  #ask(method: string, path: string, body?: object): Promise<UpstreamAnswer> {
    const request = { method, url: `${this.#url}${path}`, credential: this.#credential };
    return askProvider(this.#fetch, body === undefined ? request : { ...request, body });
  }
}

/** A list as the provider answers it, all on one page. */
export const numberPage = (data: readonly object[]): string =>
  JSON.stringify({
    data,
    meta: { page_number: 1, page_size: 20, total_pages: data.length > 0 ? 1 : 0, total_results: data.length },
  });
