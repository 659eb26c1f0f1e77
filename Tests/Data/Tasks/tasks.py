"""Writes the tasks of an int8 network as TensorFlow Lite runs it: tasks.py NETWORK OUT.csv (needs pip's tensorflow-cpu).

Networks are those of keras.applications with random weights and their usual input; activations, batch norms and biases are fused by the
converter. A row is a task in file order: the bytes of what it writes, rounded up to 16, then the rows whose results it reads. The first
row is the input, which no task writes; the last row is the output.
"""

import sys

import numpy as np
import tensorflow as tf


def convert(network):
    model = getattr(tf.keras.applications, network)(weights=None)
    shape = model.input_shape[1:]
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: [[np.random.rand(1, *shape).astype(np.float32)]]
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    return converter.convert()


def rows(flatbuffer):
    resolver = tf.lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = tf.lite.Interpreter(model_content=flatbuffer, experimental_op_resolver_type=resolver)
    tensors = {tensor["index"]: tensor for tensor in interpreter.get_tensor_details()}

    def size(index):
        count = int(np.prod(tensors[index]["shape"])) * np.dtype(tensors[index]["dtype"]).itemsize
        return (count + 15) // 16 * 16

    source = interpreter.get_input_details()[0]["index"]
    row_of, found = {source: 0}, [[size(source)]]
    for op in interpreter._get_ops_details():
        [result] = [int(index) for index in op["outputs"]]
        reads = sorted({row_of[int(index)] for index in op["inputs"] if int(index) in row_of})
        row_of[result] = len(found)
        found.append([size(result), *reads])
    assert row_of[interpreter.get_output_details()[0]["index"]] == len(found) - 1
    return found


if __name__ == "__main__":
    with open(sys.argv[2], "w") as file:
        file.writelines(",".join(map(str, row)) + "\n" for row in rows(convert(sys.argv[1])))
