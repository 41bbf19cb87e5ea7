/work/wt/guest/Colo.App/guest/tcp_ring.o: \
 /work/wt/guest/Colo.App/Guest/tcp_ring.c \
 /work/wt/guest/Colo.App/Guest/tcp.h /work/wt/guest/Colo.App/Guest/net.h \
 /work/wt/guest/Colo.App/Guest/lib.h \
 /work/wt/guest/Colo.App/Guest/platform.h \
 /work/wt/guest/Colo.App/Guest/cpu.h
/work/wt/guest/Colo.App/Guest/tcp.h:
/work/wt/guest/Colo.App/Guest/net.h:
/work/wt/guest/Colo.App/Guest/lib.h:
/work/wt/guest/Colo.App/Guest/platform.h:
/work/wt/guest/Colo.App/Guest/cpu.h:
