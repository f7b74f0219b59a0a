import { readFile } from "node:fs/promises";
import { type Static, Type } from "typebox";
import { Value } from "typebox/value";
import { Receipt } from "./api-types.ts";
import { type Command, CommandError, type Context, EXIT, type ExitCode, UsageError } from "./command.ts";
import { openApi } from "./open-api.ts";
import { COMMON_USAGE, parseOptions } from "./options.ts";
import { table } from "./output.ts";
import { checkSignature, Jwks, readKeys } from "./receipt.ts";

const OPTIONS = { jwks: { type: "string" } } as const;

/** What the signed text says; more may be in it. */
const ReceiptBody = Type.Object({
  instanceId: Type.String(),
  reason: Type.String(),
  endedAt: Type.String(),
  horizon: Type.Optional(Type.Record(Type.String(), Type.String())),
  resources: Type.Array(
    Type.Object({
      provider: Type.String(),
      kind: Type.String(),
      name: Type.String(),
      outcome: Type.Object({ kind: Type.String() }, { additionalProperties: Type.String() }),
    }),
  ),
});

export const verifyReceiptCommand: Command = {
  summary: "check the signature of a receipt, and show what it says",
  usage: `usage: verify-receipt INSTANCE | FILE [options]

INSTANCE is read from the gateway; FILE holds {"body","signature","keyId"}. Ends with 1 when the signature is wrong.

  --jwks FILE       the public keys, instead of those the gateway hands out
${COMMON_USAGE}`,
  run,
};

async function run(context: Context): Promise<ExitCode> {
  const { values, positionals } = parseOptions(context.args, OPTIONS, 1);
  const [subject] = positionals;
  if (subject === undefined) throw new UsageError("which instance, or which file?");
  const receipt = /^[a-z0-9]{12}$/.test(subject)
    ? await (await openApi(context, values.state)).call(Receipt, `/api/instances/${subject}/receipt`)
    : await readJson(Receipt, subject);
  const keys =
    values.jwks === undefined
      ? await readKeys(await openApi(context, values.state))
      : (await readJson(Jwks, values.jwks)).keys;
  const signature = checkSignature(receipt, keys);
  const said = parseBody(receipt.body);
  context.output.tell(
    { event: "receipt", signature, ...(said && { receipt: said }) },
    [
      said ? describe(said) : "The receipt cannot be read.",
      `Signature: ${signature} (key ${receipt.keyId})`,
    ].join("\n"),
  );
  return signature === "signature valid" && said ? EXIT.ok : EXIT.failed;
}

async function readJson<Schema extends typeof Receipt | typeof Jwks>(
  schema: Schema,
  file: string,
): Promise<Static<Schema>> {
  try {
    return Value.Parse(schema, JSON.parse(await readFile(file, "utf8")));
  } catch {
    // The parser's message would quote the file.
    throw new CommandError(`${file} cannot be read as what it should be`, {
      hint: "A receipt is the answer of /api/instances/ID/receipt, keys are that of /.well-known/jwks.json.",
    });
  }
}

function parseBody(body: string): Static<typeof ReceiptBody> | undefined {
  try {
    return Value.Parse(ReceiptBody, JSON.parse(body));
  } catch {
    // Said to the caller as unreadable; the text itself may be anything.
    return undefined;
  }
}

function describe({ instanceId, reason, endedAt, horizon, resources }: Static<typeof ReceiptBody>): string {
  const rows = resources.map(({ provider, kind, name, outcome: { kind: became, ...more } }) => [
    provider,
    kind,
    name,
    [became, ...Object.values(more)].join(" "),
  ]);
  return [
    `Instance ${instanceId} ended at ${endedAt} (${reason}).`,
    rows.length === 0 ? "It owned nothing." : table(["PROVIDER", "KIND", "NAME", "OUTCOME"], rows),
    ...Object.entries(horizon ?? {}).map(([what, until]) => `${what}: ${until}`),
  ].join("\n");
}
