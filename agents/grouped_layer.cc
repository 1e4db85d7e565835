#include "agents/grouped_layer.h"

#include <cmath>

#include "agents/vectorised.h"
#include "sim/check.h"

// Fortran's matrix product, of the BLAS that libtorch itself is linked to.  Called directly because a call
// through torch costs as much as the product of a small group.
extern "C" {
void sgemm_(const char*, const char*, const int*, const int*, const int*, const float*, const float*, const int*,
            const float*, const int*, const float*, float*, const int*);
void dgemm_(const char*, const char*, const int*, const int*, const int*, const double*, const double*, const int*,
            const double*, const int*, const double*, double*, const int*);
}

namespace sluice {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr double kEpsilon = 1e-5;
constexpr std::int64_t kLanes = 16;  // partial sums of a row: see vectorised.h

// Column-major c[m, n] = op(a)·op(b), k terms.
void gemm(char ta, char tb, std::int64_t m, std::int64_t n, std::int64_t k, const float* a, std::int64_t lda,
          const float* b, std::int64_t ldb, float* c) {
  const float one = 1, zero = 0;
  const int mi = static_cast<int>(m), ni = static_cast<int>(n), ki = static_cast<int>(k), la = static_cast<int>(lda),
            lb = static_cast<int>(ldb);
  sgemm_(&ta, &tb, &mi, &ni, &ki, &one, a, &la, b, &lb, &zero, c, &mi);
}
void gemm(char ta, char tb, std::int64_t m, std::int64_t n, std::int64_t k, const double* a, std::int64_t lda,
          const double* b, std::int64_t ldb, double* c) {
  const double one = 1, zero = 0;
  const int mi = static_cast<int>(m), ni = static_cast<int>(n), ki = static_cast<int>(k), la = static_cast<int>(lda),
            lb = static_cast<int>(ldb);
  dgemm_(&ta, &tb, &mi, &ni, &ki, &one, a, &la, b, &lb, &zero, c, &mi);
}

template <class T>
T total(const T (&lanes)[kLanes]) {
  T sum = 0;
  for (const T lane : lanes) sum += lane;
  return sum;
}

// z ← ẑ and y ← max(0, gain·ẑ + shift), row by row; inverse[row] = 1/√(var + ε).
template <class T>
inline void normalise(T* __restrict z, T* __restrict y, T* __restrict inverse, std::int64_t rows, std::int64_t width, const T* __restrict bias, const T* __restrict gain,
                      const T* __restrict shift) {
  const std::int64_t whole = width - width % kLanes;
  for (std::int64_t r = 0; r < rows; ++r, z += width, y += width) {
    T sum[kLanes] = {}, square[kLanes] = {};
    for (std::int64_t i = 0; i < whole; i += kLanes)
      for (std::int64_t l = 0; l < kLanes; ++l) {
        z[i + l] += bias[i + l];
        sum[l] += z[i + l];
      }
    for (std::int64_t i = whole; i < width; ++i) {
      z[i] += bias[i];
      sum[i - whole] += z[i];
    }
    const T mean = total(sum) / static_cast<T>(width);
    for (std::int64_t i = 0; i < whole; i += kLanes)
      for (std::int64_t l = 0; l < kLanes; ++l) {
        z[i + l] -= mean;
        square[l] += z[i + l] * z[i + l];
      }
    for (std::int64_t i = whole; i < width; ++i) {
      z[i] -= mean;
      square[i - whole] += z[i] * z[i];
    }
    const T scale = 1 / std::sqrt(total(square) / static_cast<T>(width) + static_cast<T>(kEpsilon));
    inverse[r] = scale;
    for (std::int64_t i = 0; i < width; ++i) {
      z[i] *= scale;
      const T value = gain[i] * z[i] + shift[i];
      y[i] = value <= 0 ? 0 : value;  // a NaN stays one: a critic that diverged must not look sound
    }
  }
}

// dy [rows, width] → dz, in place; sums of dgain, dshift, dbias over the rows.
template <class T>
inline void normalise_backward(T* __restrict dy, const T* __restrict z, const T* __restrict y, const T* __restrict inverse, std::int64_t rows, std::int64_t width,
                               const T* __restrict gain, T* __restrict dgain, T* __restrict dshift, T* __restrict dbias) {
  const std::int64_t whole = width - width % kLanes;
  for (std::int64_t r = 0; r < rows; ++r, dy += width, z += width, y += width) {
    T first[kLanes] = {}, second[kLanes] = {};
    for (std::int64_t i = 0; i < width; ++i) {
      const T d = y[i] <= 0 ? 0 : dy[i];
      dgain[i] += d * z[i];
      dshift[i] += d;
      dy[i] = d * gain[i];  // dẑ
    }
    for (std::int64_t i = 0; i < whole; i += kLanes)
      for (std::int64_t l = 0; l < kLanes; ++l) {
        first[l] += dy[i + l];
        second[l] += dy[i + l] * z[i + l];
      }
    for (std::int64_t i = whole; i < width; ++i) {
      first[i - whole] += dy[i];
      second[i - whole] += dy[i] * z[i];
    }
    // dz = (dẑ − mean dẑ − ẑ·mean(dẑ·ẑ))/√(var + ε)
    const T mean = total(first) / static_cast<T>(width), along = total(second) / static_cast<T>(width);
    for (std::int64_t i = 0; i < width; ++i) {
      dy[i] = inverse[r] * (dy[i] - mean - z[i] * along);
      dbias[i] += dy[i];
    }
  }
}

// y = z + bias, above 0 only if `relu`.
template <class T>
inline void add_bias(T* y, std::int64_t rows, std::int64_t width, const T* bias, bool relu) {
  for (std::int64_t r = 0; r < rows; ++r, y += width)
    for (std::int64_t i = 0; i < width; ++i) {
      const T value = y[i] + bias[i];
      y[i] = relu && value <= 0 ? 0 : value;
    }
}

template <class T>
inline void add_bias_backward(T* dy, const T* y, std::int64_t rows, std::int64_t width, bool relu, T* dbias) {
  for (std::int64_t r = 0; r < rows; ++r, dy += width, y += width)
    for (std::int64_t i = 0; i < width; ++i) {
      if (relu && y[i] <= 0) dy[i] = 0;
      dbias[i] += dy[i];
    }
}

SLUICE_VECTORISED void rows_forward(float* z, float* y, float* inverse, std::int64_t rows, std::int64_t width, const float* bias,
                                    const float* gain, const float* shift) {
  normalise(z, y, inverse, rows, width, bias, gain, shift);
}
SLUICE_VECTORISED void rows_forward(double* z, double* y, double* inverse, std::int64_t rows, std::int64_t width, const double* bias,
                                    const double* gain, const double* shift) {
  normalise(z, y, inverse, rows, width, bias, gain, shift);
}
SLUICE_VECTORISED void rows_backward(float* dy, const float* z, const float* y, const float* inverse, std::int64_t rows,
                                     std::int64_t width, const float* gain, float* dgain, float* dshift, float* dbias) {
  normalise_backward(dy, z, y, inverse, rows, width, gain, dgain, dshift, dbias);
}
SLUICE_VECTORISED void rows_backward(double* dy, const double* z, const double* y, const double* inverse, std::int64_t rows,
                                     std::int64_t width, const double* gain, double* dgain, double* dshift, double* dbias) {
  normalise_backward(dy, z, y, inverse, rows, width, gain, dgain, dshift, dbias);
}

// What forward leaves for backward, beside tensors.
struct LayerKind {
  std::vector<std::int64_t> sizes;
  bool normalised = false, relu = false;
};

class GroupedLayerFunction : public torch::autograd::Function<GroupedLayerFunction> {
 public:
  static Tensor forward(AutogradContext* ctx, const Tensor& input, const Tensor& weight, const Tensor& bias, const c10::optional<Tensor>& some_gain,
                        const c10::optional<Tensor>& some_shift, const std::vector<std::int64_t>& sizes, bool is_output) {
    const Tensor x = input.contiguous(), gain = some_gain.value_or(Tensor()), shift = some_shift.value_or(Tensor());
    const LayerKind kind{.sizes = sizes, .normalised = gain.defined(), .relu = !is_output};
    const std::int64_t n = x.size(0), outputs = weight.size(1);
    Tensor z = torch::empty({n, outputs}, x.options());
    Tensor y = kind.normalised ? torch::empty_like(z) : z;
    Tensor inverse = kind.normalised ? torch::empty({n}, x.options()) : Tensor();
    AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "grouped_layer", [&] {
      run_forward<scalar_t>(x, weight, bias, gain, shift, kind, z, y, inverse);
    });
    ctx->save_for_backward({x, weight, bias, gain, z, y, inverse});
    ctx->saved_data["sizes"] = sizes;
    ctx->saved_data["relu"] = kind.relu;
    return y;
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& gradients) {
    const variable_list saved = ctx->get_saved_variables();
    const Tensor &x = saved[0], &weight = saved[1], &bias = saved[2], &gain = saved[3], &z = saved[4], &y = saved[5], &inverse = saved[6];
    const LayerKind kind{.sizes = ctx->saved_data["sizes"].toIntVector(), .normalised = gain.defined(), .relu = ctx->saved_data["relu"].toBool()};
    Tensor dz = gradients[0].clone(torch::MemoryFormat::Contiguous);
    // Groups without rows get zeros.
    Tensor dweight = torch::zeros_like(weight), dbias = torch::zeros_like(bias), dx = ctx->needs_input_grad(0) ? torch::empty_like(x) : Tensor();
    Tensor dgain = kind.normalised ? torch::zeros_like(gain) : Tensor(), dshift = kind.normalised ? torch::zeros_like(gain) : Tensor();
    AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "grouped_layer_backward", [&] {
      run_backward<scalar_t>(x, weight, gain, kind, z, y, inverse, dz, dx, dweight, dbias, dgain, dshift);
    });
    return {dx, dweight, dbias, dgain, dshift, Tensor(), Tensor()};
  }

 private:
  template <class Work>
  static void for_each_group(const std::vector<std::int64_t>& sizes, const Work& work) {
    std::int64_t start = 0;
    for (std::size_t g = 0; g < sizes.size(); ++g) {
      if (sizes[g] > 0) work(static_cast<std::int64_t>(g), start, sizes[g]);
      start += sizes[g];
    }
  }

  template <class T>
  static T* at(const Tensor& tensor, std::int64_t offset) {
    return tensor.data_ptr<T>() + offset;
  }

  template <class T>
  static void run_forward(const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& gain, const Tensor& shift,
                          const LayerKind& kind, Tensor& z, Tensor& y, Tensor& inverse) {
    const std::int64_t in = weight.size(2), out = weight.size(1);
    for_each_group(kind.sizes, [&](std::int64_t g, std::int64_t start, std::int64_t rows) {
      gemm('T', 'N', out, rows, in, at<T>(weight, g * out * in), in, at<T>(x, start * in), in, at<T>(z, start * out));
      if (kind.normalised)
        rows_forward(at<T>(z, start * out), at<T>(y, start * out), at<T>(inverse, start), rows, out, at<T>(bias, g * out),
                     at<T>(gain, g * out), at<T>(shift, g * out));
      else
        add_bias(at<T>(y, start * out), rows, out, at<T>(bias, g * out), kind.relu);
    });
  }

  template <class T>
  static void run_backward(const Tensor& x, const Tensor& weight, const Tensor& gain, const LayerKind& kind, const Tensor& z,
                           const Tensor& y, const Tensor& inverse, Tensor& dz, Tensor& dx, Tensor& dweight, Tensor& dbias,
                           Tensor& dgain, Tensor& dshift) {
    const std::int64_t in = weight.size(2), out = weight.size(1);
    for_each_group(kind.sizes, [&](std::int64_t g, std::int64_t start, std::int64_t rows) {
      T* const d = at<T>(dz, start * out);
      if (kind.normalised)
        rows_backward(d, at<T>(z, start * out), at<T>(y, start * out), at<T>(inverse, start), rows, out, at<T>(gain, g * out),
                      at<T>(dgain, g * out), at<T>(dshift, g * out), at<T>(dbias, g * out));
      else
        add_bias_backward(d, at<T>(y, start * out), rows, out, kind.relu, at<T>(dbias, g * out));
      gemm('N', 'T', in, out, rows, at<T>(x, start * in), in, d, out, at<T>(dweight, g * out * in));
      if (dx.defined()) gemm('N', 'N', in, rows, out, at<T>(weight, g * out * in), in, d, out, at<T>(dx, start * in));
    });
  }
};

}  // namespace

Tensor grouped_layer(const Tensor& x, const LayerParameters& layer, const std::vector<std::int64_t>& sizes) {
  ENSURE(static_cast<std::int64_t>(sizes.size()) == layer.weight.size(0), "a slice for every group");
  std::int64_t rows = 0;
  for (const std::int64_t size : sizes) rows += size;
  ENSURE(rows == x.size(0), "slices cover the batch");
  const auto some = [](const Tensor& tensor) { return tensor.defined() ? c10::make_optional(tensor) : c10::nullopt; };
  return GroupedLayerFunction::apply(x, layer.weight, layer.bias, some(layer.gain), some(layer.shift), sizes, layer.is_output);
}

}  // namespace sluice
