import { migrate } from "../postgres/migrate.ts";

/** `DATABASE_URL=… node infra/container/migrate-main.ts`: brings the database to this release, and ends. */
const databaseUrl = process.env.DATABASE_URL;
if (!databaseUrl) throw new Error("DATABASE_URL is not set");
await migrate(databaseUrl);
