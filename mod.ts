/**
 * Flow-enhanced MCMC. Write the log density of one point; it is traced, differentiated, compiled to
 * WebAssembly SIMD and sampled by hundreds of chains, whose positions train a normalizing flow that
 * proposes global jumps.
 *
 * @example Two modes
 * ```ts
 * import { density, key, logSumExp, sample } from "@tributary/tributary";
 *
 * const modes = density(2, (x) =>
 *   logSumExp(x.at(0).sub([-4, 4]).square().mul(-0.5)).sub(x.at(1).square().mul(0.5)));
 * const run = await sample(modes, key(1), { stop: { effectiveSampleSize: 1000 } });
 * console.log(run.summary());
 * ```
 *
 * @module
 */

// The sampler.
export { sample } from "./src/adaptive/sample.ts";
export { planFor } from "./src/adaptive/default_plan.ts";
export type { DrawStarts, Initial, NamedStart, Starts } from "./src/adaptive/given_positions.ts";
export type { SampleOptions } from "./src/adaptive/options.ts";
export type { SampleResult } from "./src/adaptive/result.ts";
export type { DeviceOfRun } from "./src/adaptive/device_of_run.ts";
export type { Rounding, RoundingRecord } from "./src/adaptive/single_precision.ts";
export type { RunEvidence } from "./src/adaptive/run_evidence.ts";
export { type NamedDraws, namedDraws } from "./src/adaptive/named_draws.ts";
export type { Progress } from "./src/adaptive/progress.ts";
export { type TrainedFlow, trainedFlow, trainFurther } from "./src/adaptive/trained_flow.ts";

// Its parts, to be replaced or composed.
export { type AdaptiveRun, runAdaptive, type RunTimes } from "./src/adaptive/run_adaptive.ts";
export type { RunningMoments, TrajectoryRecord } from "./src/adaptive/trajectory_record.ts";
export type { Clock } from "./src/adaptive/clock.ts";
export type {
  Plan,
  ProposalRule,
  Schedule,
  StoppingInput,
  StoppingRule,
  TrainingInput,
  TrainingOutput,
  TrainingRule,
  TrainingStep,
} from "./src/adaptive/plan.ts";
export type {
  BestFlow,
  Convergence,
  DrawBlock,
  FlowProgress,
  Phase,
  RunningMean,
  RunState,
} from "./src/adaptive/run_state.ts";
export {
  type Adaptation,
  type AdaptationState,
  type AdaptationTarget,
  cheesAdaptation,
  ensembleAdaptation,
} from "./src/adaptive/adaptation.ts";
export {
  type EnsembleMetric,
  ensembleMetric,
  type MetricOptions,
} from "./src/adaptive/ensemble_metric.ts";
export { type LengthAdaptation, startLength, updateLength } from "./src/adaptive/chees.ts";
export { type ObservedStep, type ObservedWindow } from "./src/adaptive/observed.ts";
export {
  type LadderState,
  temperingAdaptation,
  type TemperingAdaptationState,
} from "./src/adaptive/tempering_adaptation.ts";
export { equalRejection, type Rung } from "./src/adaptive/ladder.ts";
export type { RungMoments } from "./src/adaptive/rung_moments.ts";
export {
  type DualAveraging,
  startDualAveraging,
  updateDualAveraging,
} from "./src/adaptive/dual_averaging.ts";
export type { EnsembleScale } from "./src/adaptive/ensemble_scale.ts";
export { addToReplay, emptyReplay, type Replay, type ReplayDraws } from "./src/adaptive/replay.ts";
export {
  type LocalSteps,
  mixByQuality,
  type MixingOptions,
  type MixingRule,
  type Mixture,
} from "./src/adaptive/mixing.ts";
export { type StopOptions, stopWhenConverged } from "./src/adaptive/stopping.ts";
export {
  stopTraining,
  type StopTrainingOptions,
  trainInCycles,
  type TrainingOptions,
} from "./src/adaptive/training.ts";
export {
  constantRate,
  cosineRate,
  type LearningRate,
  plateauRate,
  type TrainingPlace,
} from "./src/adaptive/learning_rate.ts";
export {
  type FlowTraining,
  type FlowTrainingStep,
  startTraining,
  trainingStep,
} from "./src/adaptive/flow_training.ts";
export { flowQuality, type FlowQualityOptions } from "./src/adaptive/flow_quality.ts";
export { fitFlow, type FitFlowOptions, type FittedFlow } from "./src/adaptive/fit_flow.ts";

export { flowFromBytes, type FlowFromBytesOptions, flowToBytes } from "./src/io/flow_bytes.ts";
export { stateFromBytes, stateToBytes } from "./src/io/state_bytes.ts";
export { progressLine } from "./src/report/progress_line.ts";

// Targets.
export { density, type DensityOptions } from "./src/target/density.ts";
export { hostDensity } from "./src/target/host_density.ts";
export {
  type Data,
  type Derived,
  type Parameters,
  posterior,
  type PosteriorOptions,
  type Tensors,
  type Term,
} from "./src/target/posterior.ts";
export {
  angle,
  interval,
  ordered,
  type Parameter,
  positive,
  real,
  type ShapeLike,
  simplex,
} from "./src/target/parameter.ts";
export type {
  Factors,
  GivenValues,
  NamedShape,
  PlainValues,
  Position,
  Target,
} from "./src/target/target.ts";

// Kernels and how they compose.
export { alternateHalves } from "./src/kernels/alternate_halves.ts";
export {
  differentialEvolution,
  type DifferentialEvolutionOptions,
} from "./src/kernels/differential_evolution.ts";
export { hmc, type HmcOptions } from "./src/kernels/hmc.ts";
export { jitteredHmc, type JitteredHmcOptions } from "./src/kernels/jittered_hmc.ts";
export { mala } from "./src/kernels/mala.ts";
export { mams, type MamsOptions } from "./src/kernels/mams.ts";
export type { TrajectoryState } from "./src/kernels/trajectory.ts";
export { rwm } from "./src/kernels/rwm.ts";
export {
  type ParallelTempering,
  parallelTempering,
  type Replica,
  type TemperedState,
} from "./src/kernels/parallel_tempering.ts";
export type {
  Reference,
  TemperingOptions,
  TemperingParameters,
} from "./src/kernels/tempering_options.ts";
export type {
  ChainState,
  GradientState,
  Kernel,
  KernelParameters,
  Ladder,
  Step,
} from "./src/kernels/kernel.ts";
export { accept } from "./src/kernels/accept.ts";
export { mixture, repeat, sequence } from "./src/kernels/combinators.ts";
export {
  type EnsembleStep,
  startChains,
  vectorize,
  type VectorizeOptions,
} from "./src/kernels/vectorize.ts";
export type { EnsembleDraws, EnsembleResult } from "./src/kernels/ensemble.ts";

// Flows and global moves.
export { splineFlow, type SplineFlowOptions } from "./src/flows/spline_flow.ts";
export { customFlow, type CustomFlowOptions } from "./src/flows/custom_flow.ts";
export type { Passed } from "./src/flows/custom_programs.ts";
export type { ParameterTensors, ParameterTree } from "./src/flows/parameter_tree.ts";
export { checkFlow, type FlowCheck } from "./src/flows/check_flow.ts";
export { affineFlow, type AffineFlowOptions } from "./src/flows/affine_flow.ts";
export type { CouplingFlowOptions } from "./src/flows/coupling_options.ts";
export type {
  Flow,
  FlowDraws,
  FlowMap,
  FlowScores,
  FlowState,
  FlowUpdates,
} from "./src/flows/flow.ts";
export type { Batch, UpdateOptions } from "./src/flows/batch.ts";
export type { Base } from "./src/flows/base.ts";
export type { EngineShape, Numbers, Weights } from "./src/flows/engine.ts";
export type { FlowRunOptions } from "./src/flows/shared_engine.ts";
export { withWorkers } from "./src/flows/with_workers.ts";
export { type DrawOptions, type WebGpuFlow, withWebGpu } from "./src/flows/with_webgpu.ts";
export { WebGpuFlowError } from "./src/flows/webgpu_buffers.ts";
export type { Whitening } from "./src/flows/whitening.ts";
export { independence } from "./src/global/independence.ts";
export { isir, type IsirOptions } from "./src/global/isir.ts";
export {
  type Choice,
  type ChoiceRule,
  globalMove,
  type GlobalMoveOptions,
  type GlobalResult,
  type GlobalStep,
} from "./src/global/global_move.ts";
export { defensive } from "./src/global/defensive.ts";
export { studentT, type StudentTShape } from "./src/global/student_t.ts";
export type { Proposal, Proposed } from "./src/global/proposal.ts";

// The array language.
export {
  type Axes,
  type NestedNumbers,
  type NumberArray,
  type PlainArray,
  type SliceOptions,
  type TakeOptions,
  Tensor,
  tensor,
  type TensorLike,
} from "./src/tensor/tensor.ts";
export {
  arange,
  clamp,
  concat,
  logSumExp,
  oneHot,
  ones,
  outer,
  softmax,
  stack,
  where,
  zeros,
} from "./src/tensor/operations.ts";
export {
  atan,
  atan2,
  digamma,
  erf,
  erfc,
  erfcx,
  lgamma,
  logAddExp,
  logNormalCdf,
  mod,
  sign,
  tan,
  trigamma,
} from "./src/tensor/special_functions.ts";
export { grad } from "./src/tensor/gradients/gradient.ts";
export { hostFunction } from "./src/tensor/host_function.ts";
export {
  cholesky,
  choleskySolve,
  diagonal,
  logDeterminant,
  solveTriangular,
  type SolveTriangularOptions,
} from "./src/tensor/linear_algebra.ts";
export { cumulativeSum, prod } from "./src/tensor/accumulate.ts";
export { describe } from "./src/tensor/describe.ts";
export { repeatLoop } from "./src/tensor/trace.ts";
export { scan, type ScanOptions } from "./src/tensor/scan.ts";
export type { LeafName, Tree } from "./src/tensor/tree.ts";
export type * from "./src/tensor/program.ts";

// Keys and random numbers.
export { bits, foldIn, type Key, key, normal, split, uniform } from "./src/tensor/random.ts";
export type { KeyWords } from "./src/random/words.ts";

// Where programs run.
export type { DeviceName } from "./src/device/choose.ts";
export type { DeviceInUse, Fallback } from "./src/device/fallback.ts";
export type { Failure, FallbackKind } from "./src/device/failures.ts";
export { UnsupportedProgram } from "./src/compile/wgsl/shader.ts";
export { DeviceLost, type FailureReason, WebgpuUnavailable } from "./src/device/webgpu_errors.ts";
export type { Precision } from "./src/tensor/functions/precision.ts";
export type {
  Device,
  Hold,
  MapOptions,
  MapRunner,
  RunOptions,
  StepResult,
  StepRunner,
} from "./src/device/device.ts";

// Diagnostics and evidence.
export {
  convergence,
  type Draws,
  effectiveSampleFraction,
  effectiveSampleSize,
  effectiveSampleSizeTail,
  energyBayesianFraction,
  type Estimand,
  type LogWeights,
  monteCarloStandardError,
  type MonteCarloStandardErrorOptions,
  nestedRHat,
  paretoShape,
  type ProposalQuality,
  proposalQuality,
  rHat,
  type ScalarConvergence,
  summarise,
  type Summary,
  type SummaryRow,
  type Superchains,
} from "./src/diagnostics/mod.ts";
export {
  type BridgeEvidence,
  bridgeEvidence,
  type Evidence,
  type ImportanceEvidence,
  importanceEvidence,
  type SteppingStoneEvidence,
  steppingStoneEvidence,
  type SteppingStoneOptions,
} from "./src/evidence/mod.ts";
