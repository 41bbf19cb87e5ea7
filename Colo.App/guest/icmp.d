/work/wt/guest/Colo.App/guest/icmp.o: \
 /work/wt/guest/Colo.App/Guest/icmp.c /work/wt/guest/Colo.App/Guest/net.h \
 /work/wt/guest/Colo.App/Guest/lib.h \
 /work/wt/guest/Colo.App/Guest/platform.h \
 /work/wt/guest/Colo.App/Guest/cpu.h
/work/wt/guest/Colo.App/Guest/net.h:
/work/wt/guest/Colo.App/Guest/lib.h:
/work/wt/guest/Colo.App/Guest/platform.h:
/work/wt/guest/Colo.App/Guest/cpu.h:
