/**
 * What an estimate of the evidence holds.
 *
 * @module
 */

/** An estimate of the evidence Z = ∫ p(x) dx of an unnormalised density p by importance sampling. */
export interface ImportanceEvidence {
  /** ln Z. */
  readonly estimate: number;
  /** Standard error of ln Z. */
  readonly standardError: number;
  /** How it was estimated. */
  readonly method: "importance sampling";
  /** Share of the draws that they are worth; see {@linkcode effectiveSampleFraction}. */
  readonly effectiveSampleFraction: number;
  /**
   * Shape of the largest weights; see {@linkcode paretoShape}. Above 0.7, estimate and standard error
   * cannot be trusted.
   */
  readonly paretoShape: number;
}

/** An estimate of the evidence Z = ∫ p(x) dx of an unnormalised density p by bridge sampling. */
export interface BridgeEvidence {
  /** ln Z. */
  readonly estimate: number;
  /** Standard error of ln Z; above about 0.3 it is itself a guess, from a few draws where p and q overlap. */
  readonly standardError: number;
  /** How it was estimated. */
  readonly method: "bridge sampling";
  /** How many independent draws of the target its draws are worth for this estimate, N₁. */
  readonly effectiveSampleSize: number;
  /**
   * How far proposal q and target p/Z overlap: ∫ q p / (s₁ p + s₂ Z q) dx, with the shares s₁ and s₂ of
   * the draws of the target and of the proposals; 1 if they are equal, 0 if they are apart.
   */
  readonly overlap: number;
}

/** An estimate of the evidence Z = ∫ r(x) L(x) dx from draws of r · L^β at several inverse temperatures β. */
export interface SteppingStoneEvidence {
  /** ln Z, or ln of Z / ∫ r where r is a prior. */
  readonly estimate: number;
  /** Standard error of it; above about 0.3 it is itself a guess. */
  readonly standardError: number;
  /** How it was estimated. */
  readonly method: "stepping stones";
  /** How many independent states of a chain with all its replicas the draws are worth for this estimate. */
  readonly effectiveSampleSize: number;
  /**
   * What r is. `"reference"`: a normalised distribution, a prior among them that is said to be, so that the estimate is ln Z of the density as it is
   * written. `"prior"`: a prior, whose own integral is divided out, so that the estimate is that of the
   * marginal likelihood, whatever constant the prior lacks.
   */
  readonly relativeTo: "reference" | "prior";
}

/** An estimate of the evidence; `method` says by what. */
export type Evidence = ImportanceEvidence | BridgeEvidence | SteppingStoneEvidence;
