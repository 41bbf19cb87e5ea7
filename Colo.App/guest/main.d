/work/wt/guest/Colo.App/guest/main.o: \
 /work/wt/guest/Colo.App/Guest/main.c \
 /work/wt/guest/Colo.App/Guest/services.h \
 /work/wt/guest/Colo.App/Guest/tcp.h /work/wt/guest/Colo.App/Guest/net.h \
 /work/wt/guest/Colo.App/Guest/lib.h \
 /work/wt/guest/Colo.App/Guest/platform.h \
 /work/wt/guest/Colo.App/Guest/cpu.h \
 /work/wt/guest/Colo.App/Guest/store.h \
 /work/wt/guest/Colo.App/Guest/virtio.h
/work/wt/guest/Colo.App/Guest/services.h:
/work/wt/guest/Colo.App/Guest/tcp.h:
/work/wt/guest/Colo.App/Guest/net.h:
/work/wt/guest/Colo.App/Guest/lib.h:
/work/wt/guest/Colo.App/Guest/platform.h:
/work/wt/guest/Colo.App/Guest/cpu.h:
/work/wt/guest/Colo.App/Guest/store.h:
/work/wt/guest/Colo.App/Guest/virtio.h:
