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

/** An estimate of the evidence; `method` says by what. */
export type Evidence = ImportanceEvidence | BridgeEvidence;
