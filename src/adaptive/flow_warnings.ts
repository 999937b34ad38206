/**
 * What is wrong with the flow of a run, where a user wrote it.
 *
 * @module
 */
import { checkFlow } from "../flows/check_flow.ts";
import type { Flow, FlowState } from "../flows/flow.ts";
import { key } from "../tensor/random.ts";

/** Of many coordinates the Jacobian takes longer than it is worth after each run: some seconds at 1,000. */
const MOST_COORDINATES = 100;

/**
 * Tries a flow that was trained, as `checkFlow` does: what it claims wrongly makes draws wrong, without a
 * sign in R-hat. Only kinds that have something to check are tried, those that users write.
 *
 * @param kind The kind of flow.
 * @param state Its weights.
 * @returns Warnings; none if nothing is wrong, or there is no flow.
 */
export async function flowWarnings(
  kind: Flow | undefined,
  state: FlowState | undefined,
): Promise<readonly string[]> {
  if (kind?.check === undefined || state === undefined) return [];
  // The engine's own kinds, on a GPU too: differences of 32 bits would find faults in them that are none.
  if (kind.engineShape !== undefined) return [];
  if (state.dimension > MOST_COORDINATES) return [];
  const { faults } = await checkFlow(kind, state, key(0));
  return faults.map((fault) =>
    `The flow ${kind.name} is not what it claims to be, so that draws by its jumps cannot be trusted: ` +
    `${fault}. Set its functions right; checkFlow() tries them.`
  );
}
