/**
 * The arc tangent in single precision, of one number and of a point of the plane.
 *
 * @module
 */
import { type Elementary, type ElementaryOfTwo, polynomial } from "../elementary.ts";

/** From each bound on, atan x = atan c + atan((x − c)/(1 + cx)), atan c in two parts (as fdlibm's s_atan.c). */
const CENTRES = [
  { from: 0.4375, centre: 0.5, high: 0.4636476, low: 5.0121587e-9 },
  { from: 0.6875, centre: 1, high: 0.7853982, low: -2.1855694e-8 },
  { from: 1.1875, centre: 1.5, high: 0.98279375, low: -2.5131424e-8 },
];
/** From here on atan x = π/2 − atan(1/x). */
const INVERTED_FROM = 2.4375;
const HALF_PI_HIGH = 1.5707964;
const HALF_PI_LOW = -4.371139e-8;
const PI_HIGH = 3.1415927;
const PI_LOW = -8.742278e-8;

/** (t − atan t)/t³ in powers of t², |t| ≤ 7/16: a minimax fit; relative error of atan t 2⁻²⁹. */
const ATAN_TAIL = [0.33333305, -0.19997787, 0.14230317, -0.10495203, 0.058282707];

/** atan x, in radians; error under 2 ulp. */
export const atan: Elementary = (on, x) => {
  const size = on.abs(x);
  const one = on.constant(1);
  let [top, bottom] = [size, one];
  let [high, low] = [on.constant(0), on.constant(0)];
  for (const part of CENTRES) {
    const here = on.lessEqual(on.constant(part.from), size);
    const centre = on.constant(part.centre);
    top = on.select(here, on.sub(size, centre), top);
    bottom = on.select(here, on.add(one, on.mul(size, centre)), bottom);
    high = on.select(here, on.constant(part.high), high);
    low = on.select(here, on.constant(part.low), low);
  }
  const inverted = on.lessEqual(on.constant(INVERTED_FROM), size);
  top = on.select(inverted, on.constant(-1), top);
  bottom = on.select(inverted, size, bottom);
  high = on.select(inverted, on.constant(HALF_PI_HIGH), high);
  low = on.select(inverted, on.constant(HALF_PI_LOW), low);
  const t = on.div(top, bottom);
  const square = on.mul(t, t);
  const tail = on.mul(t, on.mul(square, polynomial(on, square, ATAN_TAIL)));
  return on.copySign(on.sub(high, on.sub(on.sub(tail, low), t)), x);
};

/** The angle of the point (x, y), in (−π, π], as IEEE 754 has it at zeros and infinities; under 3 ulp. */
export const atan2: ElementaryOfTwo = (on, y, x) => {
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
  const opposite = on.sub(on.constant(PI_HIGH), on.sub(angle, on.constant(PI_LOW)));
  // Beyond 2³⁰ the angle is π/2 to the last bit, on either side.
  const upright = on.lessThan(on.constant(2 ** 30), ratio);
  const turned = on.select(upright, on.constant(HALF_PI_HIGH), opposite);
  return on.copySign(on.select(behind, turned, angle), y);
};
