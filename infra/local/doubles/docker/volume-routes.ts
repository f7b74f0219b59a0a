import { Value } from "typebox/value";
import { json } from "../base/reply.ts";
import type { Route } from "../base/router.ts";
import type { Engine } from "./engine.ts";
import { badRequest, message, noSuchVolume } from "./errors.ts";
import { parseFilters } from "./filters.ts";
import { VolumeBody, type VolumeRecord } from "./records.ts";

export function volumeRoutes(engine: Engine): Route[] {
  const view = ({ name, labels, createdAt }: VolumeRecord) => ({
    Name: name,
    Driver: "local",
    Mountpoint: engine.folderOf(name),
    CreatedAt: createdAt,
    Labels: labels,
    Scope: "local",
    Options: null,
  });
  return [
    {
      method: "POST",
      path: "/volumes/create",
      handle({ body }) {
        if (!Value.Check(VolumeBody, body)) return badRequest("the body is not a volume's configuration");
        const { Name: name, Labels: labels = {} } = body;
        // The one of this name is answered as it is, whatever labels were asked for.
        return json(201, view(engine.volume(name) ?? engine.createVolume(name, labels)));
      },
    },
    {
      method: "GET",
      path: "/volumes",
      handle({ query }) {
        const matches = parseFilters(query.get("filters"));
        if (!matches) return badRequest("invalid filter");
        return json(200, { Volumes: engine.volumes().filter(matches).map(view), Warnings: null });
      },
    },
    {
      method: "GET",
      path: "/volumes/:name",
      handle({ params: { name = "" } }) {
        const volume = engine.volume(name);
        return volume ? json(200, view(volume)) : noSuchVolume(name);
      },
    },
    {
      method: "DELETE",
      path: "/volumes/:name",
      handle({ params: { name = "" } }) {
        if (!engine.volume(name)) return noSuchVolume(name);
        const users = engine.usersOf(name);
        if (users.length > 0) return message(409, `remove ${name}: volume is in use - [${users.join(", ")}]`);
        engine.removeVolume(name);
        return json(204, undefined);
      },
    },
  ];
}
