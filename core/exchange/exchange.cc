#include "core/exchange/exchange_work.h"

namespace toro {

template class BasicExchange<ProductParts>;

}  // namespace toro
