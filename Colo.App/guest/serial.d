/work/wt/guest/Colo.App/guest/serial.o: \
 /work/wt/guest/Colo.App/Guest/serial.c \
 /work/wt/guest/Colo.App/Guest/platform.h \
 /work/wt/guest/Colo.App/Guest/cpu.h /work/wt/guest/Colo.App/Guest/lib.h
/work/wt/guest/Colo.App/Guest/platform.h:
/work/wt/guest/Colo.App/Guest/cpu.h:
/work/wt/guest/Colo.App/Guest/lib.h:
