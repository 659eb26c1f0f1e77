import CBundleFormat
import IR

// Modes of ops by the numbers that programs give them.

extension Pool.Kind {
  var code: ingot_pool_kind {
    switch self {
    case .max: INGOT_POOL_MAX
    case .average: INGOT_POOL_AVERAGE
    case .averagePadded: INGOT_POOL_AVERAGE_PADDED
    }
  }
}

extension Reduce.Kind {
  var code: ingot_reduction {
    switch self {
    case .sum: INGOT_REDUCE_SUM
    case .mean: INGOT_REDUCE_MEAN
    case .max: INGOT_REDUCE_MAX
    case .min: INGOT_REDUCE_MIN
    case .prod: INGOT_REDUCE_PROD
    case .l1: INGOT_REDUCE_L1
    case .l2: INGOT_REDUCE_L2
    case .sumSquare: INGOT_REDUCE_SUM_SQUARE
    case .logSum: INGOT_REDUCE_LOG_SUM
    case .logSumExp: INGOT_REDUCE_LOG_SUM_EXP
    }
  }
}

extension ArgReduce.Kind {
  var code: ingot_order {
    switch self {
    case .max: INGOT_ORDER_LARGEST
    case .min: INGOT_ORDER_SMALLEST
    }
  }
}

extension Pad.Mode {
  var code: ingot_pad_mode {
    switch self {
    case .constant: INGOT_PAD_CONSTANT
    case .reflect: INGOT_PAD_REFLECT
    case .edge: INGOT_PAD_EDGE
    case .wrap: INGOT_PAD_WRAP
    }
  }
}

extension Resize.Mode {
  var code: ingot_interpolation {
    switch self {
    case .nearest: INGOT_INTERPOLATION_NEAREST
    case .linear: INGOT_INTERPOLATION_LINEAR
    case .cubic: INGOT_INTERPOLATION_CUBIC
    }
  }
}

extension Resize.Coordinates {
  var code: ingot_coordinates {
    switch self {
    case .halfPixel: INGOT_COORDINATES_HALF_PIXEL
    case .asymmetric: INGOT_COORDINATES_ASYMMETRIC
    case .alignCorners: INGOT_COORDINATES_ALIGN_CORNERS
    case .pytorchHalfPixel: INGOT_COORDINATES_PYTORCH_HALF_PIXEL
    }
  }
}

extension Resize.Rounding {
  var code: ingot_rounding {
    switch self {
    case .preferFloor: INGOT_ROUNDING_ROUND_PREFER_FLOOR
    case .preferCeil: INGOT_ROUNDING_ROUND_PREFER_CEIL
    case .floor: INGOT_ROUNDING_FLOOR
    case .ceil: INGOT_ROUNDING_CEIL
    }
  }
}

extension GridSample.Mode {
  var code: ingot_interpolation {
    switch self {
    case .nearest: INGOT_INTERPOLATION_NEAREST
    case .linear: INGOT_INTERPOLATION_LINEAR
    case .cubic: INGOT_INTERPOLATION_CUBIC
    }
  }
}

extension GridSample.Padding {
  var code: ingot_grid_padding {
    switch self {
    case .zeros: INGOT_GRID_ZEROS
    case .border: INGOT_GRID_BORDER
    case .reflection: INGOT_GRID_REFLECTION
    }
  }
}

extension RoiAlign.Mode {
  var code: ingot_roi_mode {
    switch self {
    case .avg: INGOT_ROI_AVG
    case .max: INGOT_ROI_MAX
    }
  }
}

extension RoiAlign.Coordinates {
  var code: ingot_roi_coordinates {
    switch self {
    case .halfPixel: INGOT_ROI_COORDINATES_HALF_PIXEL
    case .outputHalfPixel: INGOT_ROI_COORDINATES_OUTPUT_HALF_PIXEL
    }
  }
}

extension Scatter.Reduction {
  var code: ingot_scatter_reduction {
    switch self {
    case .none: INGOT_SCATTER_NONE
    case .add: INGOT_SCATTER_ADD
    case .mul: INGOT_SCATTER_MUL
    case .min: INGOT_SCATTER_MIN
    case .max: INGOT_SCATTER_MAX
    }
  }
}

extension Recurrent.Kind {
  var code: ingot_recurrent_kind {
    switch self {
    case .lstm: INGOT_RECURRENT_LSTM
    case .gru: INGOT_RECURRENT_GRU
    case .rnn: INGOT_RECURRENT_RNN
    }
  }
}

extension Recurrent.Direction {
  var code: ingot_direction {
    switch self {
    case .forward: INGOT_DIRECTION_FORWARD
    case .reverse: INGOT_DIRECTION_REVERSE
    case .bidirectional: INGOT_DIRECTION_BIDIRECTIONAL
    }
  }
}

extension Rescaling.Rounding {
  var code: ingot_rescale_rounding {
    switch self {
    case .halfUp: INGOT_RESCALE_HALF_UP
    case .halfEven: INGOT_RESCALE_HALF_EVEN
    case .twoRoundings: INGOT_RESCALE_TWO_ROUNDINGS
    }
  }
}
