/work/wt/guest/Colo.App/guest/virtio_mmio.o: \
 /work/wt/guest/Colo.App/Guest/virtio_mmio.c \
 /work/wt/guest/Colo.App/Guest/virtio.h \
 /work/wt/guest/Colo.App/Guest/platform.h \
 /work/wt/guest/Colo.App/Guest/cpu.h /work/wt/guest/Colo.App/Guest/lib.h
/work/wt/guest/Colo.App/Guest/virtio.h:
/work/wt/guest/Colo.App/Guest/platform.h:
/work/wt/guest/Colo.App/Guest/cpu.h:
/work/wt/guest/Colo.App/Guest/lib.h:
