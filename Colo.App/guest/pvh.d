/work/wt/guest/Colo.App/guest/pvh.o: /work/wt/guest/Colo.App/Guest/pvh.c \
 /work/wt/guest/Colo.App/Guest/platform.h \
 /work/wt/guest/Colo.App/Guest/cpu.h /work/wt/guest/Colo.App/Guest/lib.h
/work/wt/guest/Colo.App/Guest/platform.h:
/work/wt/guest/Colo.App/Guest/cpu.h:
/work/wt/guest/Colo.App/Guest/lib.h:
