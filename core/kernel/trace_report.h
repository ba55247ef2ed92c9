// The last events of every CPU, in words: the end of a fatal report.
#ifndef CORE_KERNEL_TRACE_REPORT_H_
#define CORE_KERNEL_TRACE_REPORT_H_

#include <string_view>

namespace toro {

// Prints one line per event, the newest last, at most kReportedEvents for each CPU. For fatal reports, when the other
// CPUs have been stopped; takes no memory. Prints nothing before there is a cluster.
inline constexpr unsigned kReportedEvents = 8;
[[gnu::cold]] void PrintTrace(void (*print)(std::string_view text));

}  // namespace toro

#endif  // CORE_KERNEL_TRACE_REPORT_H_
