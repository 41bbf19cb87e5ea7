/work/wt/guest/Colo.App/guest/virtio_net.o: \
 /work/wt/guest/Colo.App/Guest/virtio_net.c \
 /work/wt/guest/Colo.App/Guest/net.h /work/wt/guest/Colo.App/Guest/lib.h \
 /work/wt/guest/Colo.App/Guest/tcp.h \
 /work/wt/guest/Colo.App/Guest/platform.h \
 /work/wt/guest/Colo.App/Guest/cpu.h \
 /work/wt/guest/Colo.App/Guest/virtio.h
/work/wt/guest/Colo.App/Guest/net.h:
/work/wt/guest/Colo.App/Guest/lib.h:
/work/wt/guest/Colo.App/Guest/tcp.h:
/work/wt/guest/Colo.App/Guest/platform.h:
/work/wt/guest/Colo.App/Guest/cpu.h:
/work/wt/guest/Colo.App/Guest/virtio.h:
