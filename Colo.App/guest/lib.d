/work/wt/guest/Colo.App/guest/lib.o: /work/wt/guest/Colo.App/Guest/lib.c \
 /work/wt/guest/Colo.App/Guest/lib.h
/work/wt/guest/Colo.App/Guest/lib.h:
