/work/wt/guest/Colo.App/guest/apic.o: \
 /work/wt/guest/Colo.App/Guest/apic.c \
 /work/wt/guest/Colo.App/Guest/platform.h \
 /work/wt/guest/Colo.App/Guest/cpu.h /work/wt/guest/Colo.App/Guest/lib.h
/work/wt/guest/Colo.App/Guest/platform.h:
/work/wt/guest/Colo.App/Guest/cpu.h:
/work/wt/guest/Colo.App/Guest/lib.h:
