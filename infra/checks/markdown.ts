/** What a Markdown text says that can be checked against the code. Tables, prose and code blocks alike. */

/** Targets of links and images that lead to a file of this repository, with the part after `#`. */
export function linksOf(markdown: string): { readonly path: string; readonly anchor: string }[] {
  return [...withoutBlocks(markdown).matchAll(/!?\[[^\]]*\]\(([^)\s]+)\)/g)]
    .map(([, target = ""]) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [path = "", anchor = ""] = target.split("#", 2);
      return { path, anchor };
    });
}

/** The anchors of its headings, as code hosts make them. */
export function anchorsOf(markdown: string): string[] {
  return [...withoutBlocks(markdown).matchAll(/^#{1,6} +(.+)$/gm)].map(([, heading = ""]) =>
    heading
      .trim()
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

export interface Route {
  /** Undefined where the text names none. */
  readonly method: string | undefined;
  /** With `{id}` wherever an id, a variable or a placeholder stands. */
  readonly path: string;
}

/** Routes of the gateway: `GET /api/…` in code, and what curl is pointed at. */
export function routesOf(markdown: string): Route[] {
  const named = [
    ...markdown.matchAll(
      /`(?:(GET|POST|PUT|DELETE) )?(\/(?:api\/|healthz|readyz|\.well-known\/|openapi\.json|docs)[^`\s]*)`/g,
    ),
  ];
  const curls = [...joinedLines(markdown).matchAll(/^curl (.*)$/gm)].flatMap(([, args = ""]) => {
    const path = /"\$API(\/[^"?]*)/.exec(args)?.[1];
    const method = /-X (\w+)/.exec(args)?.[1] ?? (/ -d /.test(args) ? "POST" : "GET");
    return path === undefined ? [] : [{ method, path: withoutIds(path) }];
  });
  return [...named.map(([, method, path = ""]) => ({ method, path: withoutIds(path) })), ...curls];
}

export interface ScriptUse {
  /** As in `package.json`. */
  readonly script: string;
  readonly options: readonly string[];
  /** The first word that is no option. */
  readonly operation: string | undefined;
}

/** Each `npm run x -- …`, `npm start` and `npm test`, wherever it stands. */
export function scriptsOf(markdown: string): ScriptUse[] {
  return [...joinedLines(markdown).matchAll(/\bnpm (?:run )?([a-z][\w:-]*)((?: +--)(?: [^`\n#]*)?)?/g)]
    .filter(([text]) => /^npm (?:run |start\b|test\b)/.test(text))
    .map(([, script = "", args = ""]) => {
      const words = args
        .replaceAll(/'[^']*'|"[^"]*"/g, "…")
        .split(/\s+/)
        .slice(2);
      return {
        script,
        options: words.filter((word) => word.startsWith("--")),
        operation: words[0]?.startsWith("--") ? undefined : words[0],
      };
    });
}

/** Options that stand alone in code: `--fresh`, `--pool N`. */
export function optionsOf(markdown: string): string[] {
  return [...markdown.matchAll(/`(--[a-z][a-z-]*)[^`]*`/g)].map(([, option = ""]) => option);
}

/** Commands of the chat: `/members`. */
export function chatCommandsOf(markdown: string): string[] {
  const inChat = [...joinedLines(markdown).matchAll(/--message (\/[a-z]+)/g)];
  return inChat.map(([, command = ""]) => command);
}

const BANNED: readonly RegExp[] = [
  /(?<![\w.$}>])\/(?:work|tmp|home|root|Users|mnt|opt|var)\/\S*/g,
  /\b(?:TODO|FIXME|TBD)\b/g,
  /\b(?:registry|proxy|mirror)\.(?!test\.ts\b)[a-z0-9-]+\.[a-z]{2,}\S*/g,
  /\S*(?:artifactory|verdaccio|nexus-?repo)\S*/gi,
];

export function bannedWordsOf(markdown: string): string[] {
  return BANNED.flatMap((pattern) => markdown.match(pattern) ?? []);
}

const withoutBlocks = (markdown: string): string => markdown.replaceAll(/^```[\s\S]*?^```/gm, "");

/** A line that ends in a backslash goes on in the next. */
const joinedLines = (markdown: string): string => markdown.replaceAll(/\\\n\s*/g, "");

function withoutIds(path: string): string {
  return path.replaceAll(/\/(?:\$\w+|<[^>]+>|:\w+|\{\w+\}|[a-z0-9]{12}|[a-z0-9]{20})(?=\/|$)/g, "/{id}");
}
