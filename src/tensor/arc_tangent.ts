/**
 * The arc tangent, of one number and of a point of the plane.
 *
 * @module
 */
import type { Elementary, ElementaryOfTwo } from "./elementary.ts";
import { polynomial } from "./elementary.ts";

/** fdlibm's s_atan.c: from each bound on, atan x = atan c + atan((x − c)/(1 + cx)). */
const CENTRES = [
  { from: 0.4375, centre: 0.5, high: 4.63647609000806093515e-01, low: 2.26987774529616870924e-17 },
  { from: 0.6875, centre: 1, high: 7.85398163397448278999e-01, low: 3.06161699786838301793e-17 },
  { from: 1.1875, centre: 1.5, high: 9.82793723247329054082e-01, low: 1.39033110312309984516e-17 },
];
/** From here on atan x = π/2 − atan(1/x). */
const INVERTED_FROM = 2.4375;
const HALF_PI_HIGH = 1.57079632679489655800e+00;
const HALF_PI_LOW = 6.12323399573676603587e-17;
const PI_HIGH = 3.14159265358979311600e+00;
const PI_LOW = 1.22464679914735317722e-16;

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
  // Beyond 2⁶⁰ the angle is π/2 to the last bit, on either side.
  const upright = on.lessThan(on.constant(2 ** 60), ratio);
  const turned = on.select(upright, on.constant(HALF_PI_HIGH), opposite);
  return on.copySign(on.select(behind, turned, angle), y);
};
