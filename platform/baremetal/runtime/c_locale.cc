// The one locale there is: "C".
//
// WHY. libstdc++ was compiled against glibc's locale object and reads its character tables directly; musl's functions
// expect their own. This object is both: musl's part is its first six words (all null: the C locale), glibc's tables
// come after. Any other locale is refused, so std::locale("de_DE") throws. Messages are not translated.
#include <cctype>
#include <cerrno>
#include <cstddef>
#include <cstring>

extern "C" {
extern const unsigned short** __ctype_b_loc() noexcept;
extern const int** __ctype_tolower_loc() noexcept;
extern const int** __ctype_toupper_loc() noexcept;
}

namespace {

struct CLocale {
  void* categories[13];
  const unsigned short* classes;
  const int* lower;
  const int* upper;
  const char* names[13];
};
static_assert(offsetof(CLocale, classes) == 104);

CLocale* TheLocale() {
  static constinit CLocale locale = {};
  if (__atomic_load_n(&locale.classes, __ATOMIC_ACQUIRE) == nullptr) {  // every CPU would store the same
    for (const char*& name : locale.names) name = "C";
    locale.lower = *__ctype_tolower_loc();
    locale.upper = *__ctype_toupper_loc();
    __atomic_store_n(&locale.classes, *__ctype_b_loc(), __ATOMIC_RELEASE);
  }
  return &locale;
}

bool IsC(const char* name) { return *name == 0 || strcmp(name, "C") == 0 || strcmp(name, "POSIX") == 0; }

}  // namespace

extern "C" {

void* __newlocale(int, const char* name, void*) {
  if (IsC(name)) return TheLocale();
  errno = ENOENT;
  return nullptr;
}
void* newlocale(int mask, const char* name, void* base) { return __newlocale(mask, name, base); }

void* __duplocale(void*) { return TheLocale(); }
void* duplocale(void* locale) { return __duplocale(locale); }

void __freelocale(void*) {}
void freelocale(void*) {}

char* setlocale(int, const char* name) {
  static char c_name[] = "C";
  return name == nullptr || IsC(name) ? c_name : nullptr;
}

char* gettext(const char* text) { return const_cast<char*>(text); }
char* dgettext(const char*, const char* text) { return const_cast<char*>(text); }
char* dcgettext(const char*, const char* text, int) { return const_cast<char*>(text); }
char* textdomain(const char*) { return nullptr; }
char* bindtextdomain(const char*, const char*) { return nullptr; }
char* bind_textdomain_codeset(const char*, const char*) { return nullptr; }

}  // extern "C"
