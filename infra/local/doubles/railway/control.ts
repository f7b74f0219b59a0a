import Type from "typebox";
import { Value } from "typebox/value";
import { json } from "../base/reply.ts";
import type { Route } from "../base/router.ts";
import { settingsRoute } from "../base/settings-route.ts";
import type { Deployer } from "./deployer.ts";
import { SettingsSchema } from "./settings.ts";
import type { Workspace } from "./workspace.ts";

const SettingsChange = Type.Partial(SettingsSchema, { additionalProperties: false });
const HappeningBody = Type.Object(
  {
    serviceId: Type.String(),
    happening: Type.Union([
      Type.Literal("crash"),
      Type.Literal("oom"),
      Type.Literal("exit"),
      Type.Literal("sleep"),
      Type.Literal("resume"),
      Type.Literal("redeploy"),
    ]),
  },
  { additionalProperties: false },
);

/** The control endpoints of this double alone: its settings, and what happens to a deployment unasked. */
export function railwayControl(workspace: Workspace, deployer: Deployer): Route[] {
  return [
    settingsRoute("railway", SettingsChange, (change) => workspace.changeSettings(change)),
    {
      method: "POST",
      path: "/__double/railway/happen",
      handle({ body }) {
        if (!Value.Check(HappeningBody, body))
          return json(400, {
            error: "expected {serviceId, happening: crash|oom|exit|sleep|resume|redeploy}",
          });
        deployer.walk();
        const latest = workspace.latestDeployment(body.serviceId);
        if (latest === undefined) return json(404, { error: "the service has no deployment" });
        deployer.happen(latest, body.happening);
        return json(200, { deploymentId: workspace.latestDeployment(body.serviceId)?.id });
      },
    },
  ];
}
