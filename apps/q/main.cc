#include <cstdio>
#include <vector>
#include <algorithm>
#include "core/kernel/mailbox.h"
#include "core/kernel/toro.h"
using namespace toro;
static volatile bool stop_;
static void bench_yield(int n){ stop_=false; std::vector<ThreadId> t; for(int i=0;i<n-1;i++) t.push_back(Spawn(kBootCpu,[]{ while(!stop_) Yield(); }).value()); uint64_t rounds=20000000/n; uint64_t s=NowNs(); for(uint64_t i=0;i<rounds;i++) Yield(); uint64_t e=NowNs(); stop_=true; for(auto x:t) (void)Join(x); printf("yield N=%d: %.2f ns\n",n,double(e-s)/(rounds*n)); }
int main(){
 for(int n:{2,64,1024}) bench_yield(n);
 for(int rep=0;rep<3;rep++){
 { uint64_t s=NowNs(); int N=200000; for(int i=0;i<N;i++) { auto t=Spawn(kBootCpu,[]{}); (void)Join(t.value()); } printf("local spawn+join %.1f\n",double(NowNs()-s)/N); }
 { uint64_t s=NowNs(); int N=200000; for(int i=0;i<N;i++) Call(CpuId{1},[]{}); printf("call rtt %.1f\n",double(NowNs()-s)/N); }
 { uint64_t s=NowNs(); int N=200000; for(int i=0;i<N;i++) { auto t=Spawn(CpuId{1},[]{}); (void)Join(t.value()); } printf("remote spawn+join %.1f\n",double(NowNs()-s)/N); }
 { int N=20000; std::vector<ThreadId> v; uint64_t s=NowNs(); uint64_t tot=0; for(int i=0;i<N;i++){ uint64_t a=NowNs(); auto t=Spawn(CpuId{1},[]{}); tot+=NowNs()-a; (void)Join(t.value()); } (void)s; printf("remote spawn id back %.1f\n",double(tot)/N-25); }
 { static uint64_t ran; ran=0; int N=1000000; uint64_t s=NowNs(); for(int i=0;i<N;i++) (void)SpawnDetached(CpuId{1},[](void*){ ran++; },nullptr); while(Call(CpuId{1},[]{return ran;})<(uint64_t)N) Yield(); printf("detached batch %.1f\n",double(NowNs()-s)/N); }
 { int N=100000; uint64_t s=NowNs(); for(int i=0;i<N;i++){ (void)Migrate(CpuId{1}); (void)Migrate(CpuId{0}); } printf("migrate there+back %.1f\n",double(NowNs()-s)/N); }
 { void*p[64]; int N=300000; uint64_t s=NowNs(); for(int i=0;i<N;i++){ for(auto&x:p) x=operator new(64); for(auto x:p) operator delete(x);} printf("alloc pair batch64 %.2f\n",double(NowNs()-s)/N/64); }
 { int N=20000000; uint64_t s=NowNs(); for(int i=0;i<N;i++){ void*x=operator new(64); asm volatile(""::"r"(x)); operator delete(x);} printf("alloc pair %.2f\n",double(NowNs()-s)/N); }
 }
}
