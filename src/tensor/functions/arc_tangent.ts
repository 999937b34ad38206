/**
 * The arc tangent, of one number and of a point of the plane.
 *
 * @module
 */
import { type Elementary, type ElementaryOfTwo, polynomial } from "./elementary_forms.ts";

/** What the arc tangent needs to know of a precision. Numbers of two parts are high, then low. */
export interface ArcConstants {
  /** atan ½, atan 1 and atan 3/2. */
  readonly centres: readonly (readonly [high: number, low: number])[];
  /** π/2. */
  readonly halfPi: readonly [high: number, low: number];
  /** π. */
  readonly pi: readonly [high: number, low: number];
  /** (t − atan t)/t³ in powers of t², |t| ≤ 7/16. */
  readonly tail: readonly number[];
  /** Beyond this ratio the angle of a point is π/2 to the last bit, on either side. */
  readonly upright: number;
}

/** From each bound on, atan x = atan c + atan((x − c)/(1 + cx)), as in fdlibm's s_atan.c. */
const CENTRES = [
  { from: 0.4375, centre: 0.5 },
  { from: 0.6875, centre: 1 },
  { from: 1.1875, centre: 1.5 },
];
/** From here on atan x = π/2 − atan(1/x). */
const INVERTED_FROM = 2.4375;

/** atan x, in radians. */
export function atanOf({ centres, halfPi, tail }: ArcConstants): Elementary {
  return (on, x) => {
    const size = on.abs(x);
    const one = on.constant(1);
    let [top, bottom] = [size, one];
    let [high, low] = [on.constant(0), on.constant(0)];
    CENTRES.forEach((part, i) => {
      const here = on.lessEqual(on.constant(part.from), size);
      const centre = on.constant(part.centre);
      top = on.select(here, on.sub(size, centre), top);
      bottom = on.select(here, on.add(one, on.mul(size, centre)), bottom);
      high = on.select(here, on.constant(centres[i][0]), high);
      low = on.select(here, on.constant(centres[i][1]), low);
    });
    const inverted = on.lessEqual(on.constant(INVERTED_FROM), size);
    top = on.select(inverted, on.constant(-1), top);
    bottom = on.select(inverted, size, bottom);
    high = on.select(inverted, on.constant(halfPi[0]), high);
    low = on.select(inverted, on.constant(halfPi[1]), low);
    const t = on.div(top, bottom);
    const square = on.mul(t, t);
    const bend = on.mul(t, on.mul(square, polynomial(on, square, tail)));
    return on.copySign(on.sub(high, on.sub(on.sub(bend, low), t)), x);
  };
}

/** The angle of the point (x, y), in (−π, π], as IEEE 754 has it at zeros and infinities. */
export function atan2Of(constants: ArcConstants): ElementaryOfTwo {
  const { halfPi, pi, upright } = constants;
  const atan = atanOf(constants);
  return (on, y, x) => {
    const [across, along] = [on.abs(y), on.abs(x)];
    const infinity = on.constant(Infinity);
    const origin = on.and(on.equal(y, on.constant(0)), on.equal(x, on.constant(0)));
    const corner = on.and(on.equal(across, infinity), on.equal(along, infinity));
    const ratio = on.select(
      origin,
      on.constant(0),
      on.select(corner, on.constant(1), on.div(across, along)),
    );
    const angle = atan(on, ratio);
    const behind = on.lessThan(on.copySign(on.constant(1), x), on.constant(0));
    const opposite = on.sub(on.constant(pi[0]), on.rounded(on.sub(angle, on.constant(pi[1]))));
    const beyond = on.lessThan(on.constant(upright), ratio);
    const turned = on.select(beyond, on.constant(halfPi[0]), opposite);
    return on.copySign(on.select(behind, turned, angle), y);
  };
}

/** Coefficients of fdlibm's s_atan.c for (t − atan t)/t³ in powers of t², |t| < 7/16. */
const ATAN_TAIL = [
  3.33333333333329318027e-01,
  -1.99999999998764832476e-01,
  1.42857142725034663711e-01,
  -1.11111104054623557880e-01,
  9.09088713343650656196e-02,
  -7.69187620504482999495e-02,
  6.66107313738753120669e-02,
  -5.83357013379057348645e-02,
  4.97687799461593236017e-02,
  -3.65315727442169155270e-02,
  1.62858201153657823623e-02,
];

const DOUBLE: ArcConstants = {
  centres: [
    [4.63647609000806093515e-01, 2.26987774529616870924e-17],
    [7.85398163397448278999e-01, 3.06161699786838301793e-17],
    [9.82793723247329054082e-01, 1.39033110312309984516e-17],
  ],
  halfPi: [1.57079632679489655800e+00, 6.12323399573676603587e-17],
  pi: [3.14159265358979311600e+00, 1.22464679914735317722e-16],
  tail: ATAN_TAIL,
  upright: 2 ** 60,
};

/** atan x, in radians; error under 2 ulp. */
export const atan: Elementary = atanOf(DOUBLE);

/** The angle of the point (x, y), in (−π, π]; error under 3 ulp. */
export const atan2: ElementaryOfTwo = atan2Of(DOUBLE);
