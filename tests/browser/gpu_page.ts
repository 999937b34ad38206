/** What the page runs on a GPU. */
import { dualMoon } from "../../examples/dual_moon.ts";
import { key, sample } from "../../mod.ts";

try {
  const { draws, device, warnings, logEvidence } = await sample(dualMoon, key(3), {
    device: "webgpu",
  });
  const result = {
    draws: { data: [...draws.x.data], shape: draws.x.shape },
    device,
    warnings,
    logEvidence,
  };
  await fetch("/result", { method: "POST", body: JSON.stringify(result) });
} catch (error) {
  await fetch("/result", { method: "POST", body: `error: ${(error as Error).stack}` });
}
