/work/wt/guest/Colo.App/guest/http.o: \
 /work/wt/guest/Colo.App/Guest/http.c \
 /work/wt/guest/Colo.App/Guest/services.h \
 /work/wt/guest/Colo.App/Guest/tcp.h /work/wt/guest/Colo.App/Guest/net.h \
 /work/wt/guest/Colo.App/Guest/lib.h \
 /work/wt/guest/Colo.App/Guest/platform.h \
 /work/wt/guest/Colo.App/Guest/cpu.h
/work/wt/guest/Colo.App/Guest/services.h:
/work/wt/guest/Colo.App/Guest/tcp.h:
/work/wt/guest/Colo.App/Guest/net.h:
/work/wt/guest/Colo.App/Guest/lib.h:
/work/wt/guest/Colo.App/Guest/platform.h:
/work/wt/guest/Colo.App/Guest/cpu.h:
