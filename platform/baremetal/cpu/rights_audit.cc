#include "platform/baremetal/cpu/rights_audit.h"

namespace toro::baremetal {
namespace {

const char* DefectOf(const PageTables::Region& region) {
  if (region.writable && region.executable) return "is both writable and executable";
  if (region.begin < kNullAreaBytes) return "is mapped, and lies where null pointers point";
  // Two addresses of one page may have rights that neither has alone.
  if (region.elsewhere) return "is mapped to another physical address";
  return nullptr;
}

void Account(void* context, const PageTables::Region& region) {
  auto& audit = *static_cast<RightsAudit*>(context);
  uint64_t& bytes = region.writable     ? region.executable ? audit.writable_code_bytes : audit.writable_bytes
                    : region.executable ? audit.code_bytes
                                        : audit.read_only_bytes;
  bytes += region.end - region.begin;
  if (audit.defect != nullptr) return;
  audit.defect = DefectOf(region);
  audit.where = region;
}

}  // namespace

RightsAudit AuditRights(const PageTables& tables) {
  RightsAudit audit;
  tables.Walk(&Account, &audit);
  return audit;
}

}  // namespace toro::baremetal
