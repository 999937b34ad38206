/** What the page runs. */
import { shortRun } from "./short_run.ts";

const result = await shortRun().catch((error) => `error: ${error?.stack ?? error}`);
await fetch("/result", { method: "POST", body: result });
