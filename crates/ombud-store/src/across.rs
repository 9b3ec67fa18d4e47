//! How is work on many things shared among processors? In parts, one a thread; what comes out does not depend on how many there are.

/// What a function makes of each, in their order, on all processors.
pub(crate) fn across<T: Sync, R: Send>(all: &[T], make: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    if all.len() < 2 * threads {
        return all.iter().map(make).collect();
    }
    let (parts, make) = (all.chunks(all.len().div_ceil(threads)), &make);
    std::thread::scope(|scope| {
        let running: Vec<_> =
            parts.map(|part| scope.spawn(move || part.iter().map(make).collect::<Vec<R>>())).collect();
        let ended =
            running.into_iter().map(|part| part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        ended.flatten().collect()
    })
}
