/work/wt/guest/Colo.App/guest/traps.o: \
 /work/wt/guest/Colo.App/Guest/traps.c \
 /work/wt/guest/Colo.App/Guest/platform.h \
 /work/wt/guest/Colo.App/Guest/cpu.h /work/wt/guest/Colo.App/Guest/lib.h
/work/wt/guest/Colo.App/Guest/platform.h:
/work/wt/guest/Colo.App/Guest/cpu.h:
/work/wt/guest/Colo.App/Guest/lib.h:
