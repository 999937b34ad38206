import assert from "node:assert/strict";
import golden from "../golden/linear_algebra.json" with { type: "json" };
import { grad } from "../../src/tensor/gradients/gradient.ts";
import {
  cholesky,
  choleskySolve,
  diagonal,
  logDeterminant,
  solveTriangular,
} from "../../src/tensor/linear_algebra.ts";
import { arange, ones, where, zeros } from "../../src/tensor/operations.ts";
import { key, normal } from "../../src/tensor/random.ts";
import { type Tensor, tensor, type TensorLike } from "../../src/tensor/tensor.ts";
import { assertSlopes } from "./central_differences.ts";

/** The matrix of the golden table. */
function lehmer(n: number): Tensor {
  return tensor(
    Array.from(
      { length: n },
      (_, i) =>
        Array.from(
          { length: n },
          (_, j) => (Math.min(i, j) + 1) / (Math.max(i, j) + 1) + (i === j ? 0.25 : 0),
        ),
    ),
  );
}

function rightOf(n: number): Tensor {
  return tensor(Array.from({ length: n }, (_, i) => (7 * (i + 1)) % 11 - 5));
}

function assertClose(actual: Tensor, expected: readonly number[], tolerance: number): void {
  assert.equal(actual.size, expected.length);
  const largest = Math.max(...expected.map(Math.abs));
  expected.forEach((entry, i) => {
    const error = Math.abs(actual.data[i] - entry) / largest;
    assert.ok(error < tolerance, `element ${i} is ${actual.data[i]}, not ${entry}: ${error}`);
  });
}

for (const expected of golden.cases) {
  const { n } = expected;
  Deno.test(`cholesky() and the solutions of a matrix of ${n} rows agree with 50 digits`, () => {
    const [a, b] = [lehmer(n), rightOf(n)];
    const l = cholesky(a);
    // n products, each rounded, in a matrix whose condition is below 4n.
    const tolerance = 4 * n * 2 ** -52;
    assertClose(l.at(n - 1), expected.lastRow, tolerance);
    assertClose(diagonal(l), expected.diagonal, tolerance);
    assertClose(solveTriangular(l, b), expected.forward, 2 * tolerance);
    assertClose(
      solveTriangular(l, b, { transpose: true }),
      expected.backward,
      2 * tolerance,
    );
    assertClose(choleskySolve(l, b), expected.solution, 4 * tolerance);
    const difference = logDeterminant(a).item() - expected.logDeterminant;
    assert.ok(Math.abs(difference) < n * tolerance, `${difference}`);
    const z = solveTriangular(l, b);
    const logDensity = z.square().sum().add(logDeterminant(a)).add(n * Math.log(2 * Math.PI))
      .mul(-0.5).item();
    assert.ok(Math.abs(logDensity / expected.scipy - 1) < 1e-11, `${logDensity}`);
  });
}

/** σ² φ^|i − j|. */
function autoregressive(n: number, phi: Tensor, sigma: Tensor): Tensor {
  const distance = arange(n).reshape([n, 1]).sub(arange(n)).abs();
  return phi.log().mul(distance).exp().mul(sigma.square());
}

for (const n of [1, 2, 5, 9, 30, 100]) {
  Deno.test(`the log density of an autoregressive series of ${n} and its gradient are those of its innovations`, () => {
    const y = normal(key(n), [n]);
    const dense = ([phi, sigma]: readonly Tensor[]): Tensor => {
      const l = cholesky(autoregressive(n, phi, sigma));
      return solveTriangular(l, y).square().sum().mul(-0.5).sub(diagonal(l).log().sum());
    };
    const sequential = ([phi, sigma]: readonly Tensor[]): Tensor => {
      const [before, after] = [y.slice(0, n - 1), y.slice(1, n)];
      const scale = sigma.square().mul(phi.square().neg().add(1));
      return after.sub(phi.mul(before)).square().sum().div(scale)
        .add(y.at(0).div(sigma).square()).mul(-0.5)
        .sub(sigma.log()).sub(scale.log().mul(0.5 * (n - 1)));
    };
    const at = tensor([0.6, 1.3]);
    const split = (f: typeof dense) => (x: Tensor): Tensor => f([x.at(0), x.at(1)]);
    const [actual, expected] = [dense, sequential].map((f) => split(f)(at).item());
    assert.ok(Math.abs(actual - expected) < 1e-13 * n * Math.max(1, Math.abs(expected)));
    const [slopes, wanted] = [dense, sequential].map((f) => grad(split(f))(at));
    wanted.data.forEach((slope, i) => {
      const error = Math.abs(slopes.data[i] - slope) / Math.max(1, Math.abs(slope));
      assert.ok(error < 1e-12 * n, `slope ${i} is ${slopes.data[i]}, not ${slope}`);
    });
  });
}

/** A positive definite matrix whose entries are the elements of a vector, twice. */
function positiveDefinite(x: Tensor, n: number): Tensor {
  const free = x.reshape([n, n]);
  return free.dot(free.transpose()).add(where(arange(n).reshape([n, 1]).equal(arange(n)), n, 0));
}

function weighted(y: Tensor): Tensor {
  return y.mul(normal(key(77), y.shape).add(2)).sum();
}

for (const n of [1, 2, 5, 9]) {
  const slopes: { [name: string]: (x: Tensor) => Tensor } = {
    "cholesky()": (x) => cholesky(positiveDefinite(x, n)),
    "logDeterminant()": (x) => logDeterminant(positiveDefinite(x, n)),
    "choleskySolve()": (x) => choleskySolve(cholesky(positiveDefinite(x, n)), rightOf(n)),
  };
  for (const lower of [true, false]) {
    for (const transpose of [true, false]) {
      for (const columns of [[], [1], [3]]) {
        const name = `solveTriangular() with ${JSON.stringify({ lower, transpose, columns })}`;
        slopes[name] = (x) => {
          const matrix = x.reshape([n, n]).add(n);
          const b = normal(key(1), [n, ...columns]).add(x.at(0).sin());
          return solveTriangular(matrix.add(where(isDiagonal(n), n, 0)), b, { lower, transpose });
        };
      }
    }
  }
  for (const [name, f] of Object.entries(slopes)) {
    Deno.test(`grad() of ${name} agrees with central differences, n = ${n}`, () =>
      assertSlopes((x) => weighted(f(x)), normal(key(3), [n * n]).mul(0.5), name));
  }
}

function isDiagonal(n: number): Tensor {
  return arange(n).reshape([n, 1]).equal(arange(n));
}

Deno.test("the second derivative of cholesky() agrees with central differences", () => {
  const f = (x: Tensor): Tensor => weighted(cholesky(positiveDefinite(x, 3)).sin());
  assertSlopes((x) => weighted(grad(f)(x)), normal(key(4), [9]), "grad(grad)");
});

Deno.test("the upper triangle of a symmetric matrix counts neither for the value nor for the gradient", () => {
  for (const n of [3, 12]) {
    const a = lehmer(n);
    const wrong = where(arange(n).reshape([n, 1]).less(arange(n)), NaN, a);
    assert.deepEqual(cholesky(wrong).toArray(), cholesky(a).toArray());
    const slope = grad((x: Tensor) => logDeterminant(x))(wrong);
    const inverse = choleskySolve(cholesky(a), where(isDiagonal(n), 1, 0));
    // d log det A = tr A⁻¹ dA, where an entry off the diagonal stands for two.
    const expected = where(isDiagonal(n), inverse, inverse.mul(2));
    const lower = arange(n).reshape([n, 1]).greaterEqual(arange(n));
    assertClose(slope, Array.from(where(lower, expected, 0).data), 1e-13);
  }
});

Deno.test("what is not positive definite has NaN for its determinant", () => {
  const matrices: TensorLike[] = [[[0]], [[-1]], [[1, 2], [2, 1]], [[1, 1], [1, 1]]];
  for (const a of [...matrices, ones([20, 20]), lehmer(20).neg(), lehmer(20).mul(NaN)]) {
    assert.ok(Number.isNaN(logDeterminant(a).item()), `${a}`);
  }
});

Deno.test("a matrix without rows has determinant 1 and solves nothing", () => {
  assert.equal(logDeterminant(zeros([0, 0])).item(), 0);
  assert.deepEqual(solveTriangular(zeros([0, 0]), zeros([0])).shape, [0]);
});

Deno.test("linear algebra says what is wrong", () => {
  assert.throws(() => cholesky([1, 2]), /Cannot apply cholesky to f64\[2\]: a square matrix of/);
  assert.throws(() => logDeterminant([[1, 2]]), /Cannot apply logDeterminant to f64\[1, 2\]/);
  assert.throws(
    () => solveTriangular(lehmer(2), [1, 2, 3]),
    /Cannot solveTriangular tensors of shapes \[2, 2\] and \[3\]/,
  );
  assert.throws(
    () => solveTriangular(lehmer(2), [1, 2], { upper: true } as object),
    /unknown option `upper`/,
  );
});
