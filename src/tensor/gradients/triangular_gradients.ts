/**
 * Gradients of the primitives of triangular matrices.
 *
 * Source: Giles, "Collected matrix derivative results for forward and reverse mode algorithmic
 * differentiation", 2008, §2.2.4; Murray, "Differentiation of the Cholesky decomposition", 2016, §3.
 *
 * @module
 */
import type { Point, PullBack } from "./gradient_rule.ts";
import { arange, where } from "../operations.ts";
import type { PrimitiveParameters } from "../program.ts";
import { apply, type Tensor } from "../tensor.ts";
import { trace, traced } from "../trace.ts";

/** A matrix with zeros off one triangle. */
function triangleOf(x: Tensor, lower: boolean): Tensor {
  const [rows, columns] = ends(x.shape[0]);
  return where(lower ? rows.greaterEqual(columns) : rows.lessEqual(columns), x, 0);
}

/** The lower triangle with half the diagonal, Φ in Murray's notation. */
function halved(x: Tensor): Tensor {
  const [rows, columns] = ends(x.shape[0]);
  return where(rows.greater(columns), x, where(rows.equal(columns), x.mul(0.5), 0));
}

/** The numbers of rows and of columns, traced so that a large mask is computed and not stored. */
function ends(n: number): [Tensor, Tensor] {
  const numbers = traced(arange(n));
  return [numbers.reshape([n, 1]), numbers.reshape([1, n])];
}

function solve(
  matrix: Tensor,
  right: Tensor,
  parameters: PrimitiveParameters["triangularSolve"],
): Tensor {
  return apply("triangularSolve", parameters, [matrix, right])[0];
}

/**
 * Of X with op(M) X = B: B̄ = op(M)⁻ᵀ X̄ and, on the triangle that is read, op(M)‾ = −B̄ Xᵀ.
 *
 * @param point The solution at its operands.
 * @returns The cotangents of the matrix and of the right-hand sides.
 */
export function triangularSolveGradient(
  { cotangent, result, operands: [matrix], parameters, wanted }: Point<"triangularSolve">,
): readonly (Tensor | undefined)[] {
  const { lower, transpose } = parameters;
  const right = solve(matrix, cotangent, { lower, transpose: !transpose });
  if (!wanted[0]) return [undefined, right];
  const [a, b] = transpose ? [result, right] : [right, result];
  // Of one column the product is an outer one, which needs no sum.
  const product = result.shape[1] === 1 ? a.mul(b.transpose()) : a.dot(b.transpose());
  return [triangleOf(product, lower).neg(), right];
}

/** Ā = Φ(S + Sᵀ) with S = L⁻ᵀ Φ(LᵀL̄) L⁻¹: the same as the primitive, in operations that have gradients. */
function composed(l: Tensor, cotangent: Tensor): Tensor {
  const [lower, given] = [l, cotangent].map((x) => triangleOf(x, true));
  const back = { lower: true, transpose: true };
  const half = solve(l, halved(lower.transpose().dot(given)), back);
  const s = solve(l, half.transpose(), back);
  return halved(s.add(s.transpose()));
}

/**
 * The second derivative of the Cholesky decomposition.
 *
 * @param point The first one at its operands.
 * @param pullBack Differentiates a program.
 * @returns The cotangents of L and of L̄.
 */
export function choleskyGradientSlopes(
  { cotangent, operands, wanted }: Point<"choleskyGradient">,
  pullBack: PullBack,
): readonly (Tensor | undefined)[] {
  const program = trace((l, given) => [composed(l, given)], operands);
  return pullBack(program, { inputs: operands, wanted, cotangents: [cotangent] });
}
