/**
 * How much there is to compute in a program.
 *
 * @module
 */
import { type Equation, isOf, type Primitive, type Program, type RuleTable } from "./program.ts";
import { sizeOf } from "./shape.ts";

/** Only moves data, or is computed once for all. */
const FREE = 0;
/** Polynomials of some ten terms. */
const ELEMENTARY = 8;
/** Several of them. */
const SPECIAL = 30;

/** Work of one element: in multiplications, as in compiled code. */
const OF_AN_ELEMENT: RuleTable<number> = {
  neg: 1,
  abs: 1,
  sqrt: 4,
  floor: 1,
  exp: ELEMENTARY,
  log: ELEMENTARY,
  log1p: ELEMENTARY,
  expm1: ELEMENTARY,
  sin: ELEMENTARY,
  cos: ELEMENTARY,
  tanh: ELEMENTARY,
  sigmoid: ELEMENTARY,
  softplus: 2 * ELEMENTARY,
  sign: 1,
  tan: 2 * ELEMENTARY,
  atan: ELEMENTARY,
  erf: SPECIAL,
  erfc: SPECIAL,
  erfcx: SPECIAL,
  logNormalCdf: SPECIAL,
  lgamma: SPECIAL,
  digamma: SPECIAL,
  trigamma: SPECIAL,
  add: 1,
  sub: 1,
  mul: 1,
  div: 4,
  min: 1,
  max: 1,
  mod: ELEMENTARY,
  atan2: ELEMENTARY,
  logAddExp: 2 * ELEMENTARY,
  bitAnd: 1,
  bitOr: 1,
  bitXor: 1,
  shiftLeft: 1,
  shiftRight: 1,
  less: 1,
  lessEqual: 1,
  equal: 1,
  and: 1,
  or: 1,
  not: 1,
  select: 1,
  convert: 1,
  sum: 1,
  maximum: 1,
  minimum: 1,
  constant: FREE,
  broadcast: FREE,
  reshape: FREE,
  transpose: FREE,
  slice: FREE,
  place: FREE,
  concat: FREE,
  stopGradient: FREE,
  gather: 1,
  scatterAdd: 2,
  // Of each of n² elements n/6 and n/2; of n × m elements n/2.
  cholesky: 1 / 6,
  choleskyGradient: 1 / 2,
  triangularSolve: 1 / 2,
  // Of each word 20 rounds of three operations, shared by two.
  threefry: SPECIAL,
  boxMuller: 2 * ELEMENTARY,
  scan: FREE,
  // Nobody knows.
  host: Infinity,
};

const REDUCES: ReadonlySet<Primitive> = new Set(["sum", "maximum", "minimum", "scatterAdd"]);
const CUBIC: ReadonlySet<Primitive> = new Set(["cholesky", "choleskyGradient", "triangularSolve"]);

/**
 * How much there is to compute in a program, in multiplications: a number for decisions that must not depend
 * on a clock, right to a factor of three or so for compiled code.
 *
 * @param program The program.
 * @param turns Turns of loops whose number is not known before they run; 1 by default.
 * @returns The work; infinite where the program calls a function of the host.
 */
export function workOf(program: Program, turns = 1): number {
  let work = 0;
  for (const equation of program.equations) work += workOfEquation(program, equation, turns);
  return work;
}

function workOfEquation({ types }: Program, equation: Equation, turns: number): number {
  if (isOf(equation, "scan")) {
    const { body, length } = equation.parameters;
    return (length ?? turns) * workOf(body, turns);
  }
  const { primitive, operands, results } = equation;
  const each = OF_AN_ELEMENT[primitive];
  if (each === FREE) return FREE;
  const shapeOf = (id: number): readonly number[] => types[id].shape;
  const shape = shapeOf(REDUCES.has(primitive) ? operands[operands.length - 1] : results[0]);
  const rows = CUBIC.has(primitive) ? shapeOf(operands[0])[0] : 1;
  return each * rows * sizeOf(shape);
}
