// RightsAudit: what the page tables that are in use allow, looked up and not believed, and the first thing in them that
// must not be.
//
// WHY. Every right is given in one place (boot/build_address_space.cc), and one wrong line there would go unnoticed: a
// page that can be written and executed works, as a null page does. So the kernel reads its own tables before it starts
// the application, as the CPU will, and refuses to start on what it finds.
//
// COST. One load per entry of every table: some microseconds, whatever the memory size below 64 GiB.
#ifndef PLATFORM_BAREMETAL_CPU_RIGHTS_AUDIT_H_
#define PLATFORM_BAREMETAL_CPU_RIGHTS_AUDIT_H_

#include <cstdint>

#include "platform/baremetal/cpu/page_tables.h"

namespace toro::baremetal {

struct RightsAudit {
  uint64_t code_bytes = 0;
  uint64_t read_only_bytes = 0;
  uint64_t writable_bytes = 0;
  uint64_t writable_code_bytes = 0;
  const char* defect = nullptr;  // in words, or null: none
  PageTables::Region where;      // of the defect
};

// Walks all of `tables`.
RightsAudit AuditRights(const PageTables& tables);

}  // namespace toro::baremetal

#endif  // PLATFORM_BAREMETAL_CPU_RIGHTS_AUDIT_H_
