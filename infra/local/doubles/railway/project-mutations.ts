import { randomUUID } from "node:crypto";
import { failure, notAuthorized } from "./errors.ts";
import type { RuleRecord } from "./records.ts";
import type { Removals } from "./removals.ts";
import type { Throttles } from "./throttles.ts";
import type { Views } from "./views.ts";
import type { Workspace } from "./workspace.ts";

const MAX_NAME_CHARS = 32;

interface ProjectInput {
  name?: string | null;
  description?: string | null;
  workspaceId?: string | null;
  defaultEnvironmentName?: string | null;
}
interface RuleInput {
  workspaceId: string;
  projectId?: string | null;
  eventTypes: string[];
  channelConfigs: Record<string, unknown>[];
}

/** Projects and notification rules. Nothing here is idempotent, as at the provider. */
export function projectMutations(
  workspace: Workspace,
  views: Views,
  throttles: Throttles,
  removals: Removals,
) {
  const removeProject = ({ id }: { id: string }): boolean => {
    removals.project(workspace.change("Project", workspace.projects.get(id)));
    return true;
  };
  return {
    projectCreate({ input }: { input: ProjectInput }) {
      if (input.workspaceId && input.workspaceId !== workspace.id) throw notAuthorized();
      const name = input.name ?? `project-${randomUUID().slice(0, 8)}`;
      if (name.trim() === "" || name.length > MAX_NAME_CHARS) throw failure("Invalid project name");
      const isTaken = workspace.projects
        .values()
        .some((each) => each.name === name && each.deletedAtMs === null);
      if (isTaken && workspace.settings.projectNamesUnique)
        throw failure("A project with this name already exists");
      throttles.createProject();
      const project = {
        id: randomUUID(),
        name,
        description: input.description ?? null,
        workspaceId: workspace.id,
        environmentId: randomUUID(),
        environmentName: input.defaultEnvironmentName ?? "production",
        createdAtMs: workspace.clock.nowMs(),
        deletedAtMs: null,
      };
      workspace.projects.put(project.id, project);
      return views.project(project);
    },
    projectDelete: removeProject,
    /** The provider gives it 48 hours of grace; a double has nobody who would take it back. */
    projectScheduleDelete: removeProject,
    notificationRuleCreate({ input }: { input: RuleInput }): RuleRecord {
      if (input.workspaceId !== workspace.id) throw notAuthorized();
      const rule: RuleRecord = {
        id: randomUUID(),
        workspaceId: workspace.id,
        projectId: input.projectId ?? null,
        eventTypes: input.eventTypes,
        channels: input.channelConfigs.map((config) => ({ id: randomUUID(), config })),
      };
      workspace.rules.put(rule.id, rule);
      return rule;
    },
    notificationRuleDelete({ id }: { id: string }): boolean {
      if (workspace.rules.get(id) === undefined) throw failure("NotificationRule not found");
      workspace.rules.remove(id);
      return true;
    },
  };
}
